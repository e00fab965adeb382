"""Words of a command line that are about its data, and go to Hydra as in `recsys train`."""

from recsys.cli.words import Key

DATA_KEYS = {
    "data": Key("the data, a file of conf/data", default="simulated"),
    "data.KEY": Key("its settings, as data.root=FOLDER", "VALUE"),
    "allow": Key("packages besides recsys whose classes data= may name", "[PACKAGE,...]"),
    "--config-dir": Key("a folder of your own YAML files, laid out as conf", "DIR"),
}


def is_of_data(word: str) -> bool:
    """Whether a word belongs to `composed_source`."""
    return word.lstrip("+~").startswith(("data=", "data.", "data@", "allow=")) or word.startswith(
        "--config-dir="
    )
