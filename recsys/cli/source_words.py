"""Words of a command line about its data or model, which go to Hydra as in `recsys train`."""

from collections.abc import Sequence

from recsys.cli.words import Key

DATA_KEYS = {
    "data": Key("the data, a file of conf/data", default="simulated"),
    "data.KEY": Key("its settings, as data.root=FOLDER", "VALUE"),
    "allow": Key("packages besides recsys whose classes data= may name", "[PACKAGE,...]"),
    "--config-dir": Key("a folder of your own YAML files, laid out as conf", "DIR"),
}


def is_of_data(word: str) -> bool:
    """Whether a word belongs to `composed_source`."""
    return word.lstrip("+~").startswith(
        ("data=", "data.", "data@", "model@data.", "allow=")
    ) or word.startswith("--config-dir=")


def data_words(words: Sequence[str]) -> list[str]:
    """The words for `composed_source`."""
    return [word for word in words if is_of_data(word)]


def own_words(words: Sequence[str]) -> list[str]:
    """The words that are a command's own."""
    return [word for word in words if not is_of_data(word)]


MODEL_KEYS = {
    "model": Key("the model, a file of conf/model (default: als of dim 16)", "NAME"),
    "model.KEY": Key("its settings, as model.dim=32", "VALUE"),
    "seed": Key("of the model", default="0"),
    "device": Key("auto, cpu or cuda", default="auto"),
}


_DEFAULT_MODEL = ("model=als", "model.dim=16")
"""Few columns: look-alikes are found as well or better, and clusters come out again."""
_FOR_BOTH = ("allow=", "--config-dir=")


def is_of_model(word: str) -> bool:
    """Whether a word belongs to `composed_model`; those of `is_of_data` may too."""
    return word.lstrip("+~").startswith(("model=", "model.", "seed=", "device="))


def model_words(words: Sequence[str]) -> list[str]:
    """The words for `composed_model`, those of the default model where none is named."""
    about = [word for word in words if is_of_model(word) or word.startswith(_FOR_BOTH)]
    is_named = any(word.startswith("model") for word in about)
    return about if is_named else [*_DEFAULT_MODEL, *about]


def own_and_composed(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words that are a command's own, and those about its data or model."""
    own = [word for word in words if not is_of_data(word) and not is_of_model(word)]
    return own, [word for word in words if word not in own]
