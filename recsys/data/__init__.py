"""Tables and ids: sources load them, they are checked once, and a `Dataset` holds them."""

import warnings

# pandera imports pyspark wherever it is installed, which says at each start that it was made for an
# older pandas. What of it is used here is tested with this one.
warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
