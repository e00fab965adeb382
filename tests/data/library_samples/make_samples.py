"""Writes the samples of this folder with the libraries themselves; needs them, so no test runs it.

    python tests/data/library_samples/make_samples.py recbole      # needs numpy < 2
    python tests/data/library_samples/make_samples.py lenskit rectools replay

`expected.json` holds the versions, and how many users, items and interactions each library counts.
"""

import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent

INTERACTIONS = pd.DataFrame(
    {
        "user_id": ["007", "7", "ann", "ann", "bob", "007"],
        "item_id": ["tea", "jam", "tea", "0", "jam", "Käse"],
        "rating": [5.0, 3.0, 4.5, 1.0, 2.0, 5.0],
        "timestamp": [1e9, 1e9 + 1, 1e9 + 86_400, 1e9 + 86_401, 1e9 + 2e6, 1e9 + 3e6],
    }
)
USERS = pd.DataFrame(
    {
        "user_id": ["007", "7", "ann", "eve"],
        "age": [30.0, 41.0, 52.0, 63.0],
        "branch": ["01", "02", "01", "x9"],
        "taste": [[0.5, 1.0], [1.5, 2.0], [2.5, 3.0], [3.5, 4.0]],
    }
)
ITEMS = pd.DataFrame(
    {
        "item_id": ["tea", "jam", "0", "Käse", "gin"],
        "name": ["Green tea", "Jam of plums", "Nothing", "Old cheese", "Dry gin"],
        "kinds": [["hot", "drink"], ["sweet"], ["odd"], ["salty"], ["cold", "drink"]],
    }
)


def recbole() -> dict[str, int]:
    """Writes the atomic files by hand; RecBole only reads such files."""
    from recbole.config import Config
    from recbole.data import create_dataset

    folder = HERE / "recbole"
    folder.mkdir(exist_ok=True)
    users = USERS.assign(taste=[" ".join(map(str, cell)) for cell in USERS["taste"]])
    items = ITEMS.assign(kinds=[" ".join(cell) for cell in ITEMS["kinds"]])
    for suffix, frame, types in (
        ("inter", INTERACTIONS, ("token", "token", "float", "float")),
        ("user", users, ("token", "float", "token", "float_seq")),
        ("item", items, ("token", "token_seq", "token_seq")),
    ):
        header = [f"{name}:{kind}" for name, kind in zip(frame, types, strict=True)]
        text = frame.set_axis(header, axis=1).to_csv(sep="\t", index=False)
        (folder / f"recbole.{suffix}").write_text(text)
    # By default it drops interactions of users that are not in `.user`, as bob.
    settings = {"data_path": str(HERE), "load_col": None, "filter_inter_by_user_or_item": False}
    made = create_dataset(Config("Pop", "recbole", config_dict=settings))
    return _counts(made.user_num - 1, made.item_num - 1, made.inter_num)  # one is padding


def lenskit() -> dict[str, int]:
    """Saves a data set with attributes of all layouts."""
    from lenskit.data import Dataset, DatasetBuilder

    builder = DatasetBuilder("sample")
    builder.add_entities("user", [*USERS["user_id"], "bob"])
    builder.add_entities("item", ITEMS["item_id"].tolist())
    users, items = USERS["user_id"], ITEMS["item_id"]
    builder.add_scalar_attribute("user", "age", users, USERS["age"])
    builder.add_scalar_attribute("user", "branch", users, USERS["branch"])
    builder.add_vector_attribute("user", "taste", users, np.array(USERS["taste"].tolist()))
    builder.add_scalar_attribute("item", "name", items, ITEMS["name"])
    builder.add_list_attribute("item", "kinds", items, ITEMS["kinds"])
    moments = pd.to_datetime(INTERACTIONS["timestamp"], unit="s")
    events = INTERACTIONS.assign(timestamp=moments)
    builder.add_interactions("rating", events, entities=["user", "item"], missing="error")
    builder.build().save(HERE / "lenskit")
    (HERE / "lenskit" / "summary.md").unlink()
    made = Dataset.load(HERE / "lenskit")
    return _counts(made.user_count, made.item_count, made.interaction_count)


def rectools() -> dict[str, int]:
    """Writes the frames that `Dataset.construct` takes."""
    from rectools.dataset import Dataset

    folder = HERE / "rectools"
    folder.mkdir(exist_ok=True)
    moments = pd.to_datetime(INTERACTIONS["timestamp"], unit="s")
    events = INTERACTIONS.rename(columns={"rating": "weight"}).drop(columns="timestamp")
    events = events.assign(datetime=moments)
    users = USERS[USERS["user_id"] != "eve"].rename(columns={"user_id": "id"})
    users = users[["id", "age", "branch"]].melt("id", var_name="feature")
    items = ITEMS[ITEMS["item_id"] != "gin"].rename(columns={"item_id": "id"})
    kinds = items[["id", "kinds"]].explode("kinds").rename(columns={"kinds": "value"})
    names = items[["id", "name"]].rename(columns={"name": "value"}).assign(feature="name")
    items = pd.concat([kinds.assign(feature="kinds"), names])
    made = Dataset.construct(
        events, users, ["branch"], item_features_df=items, cat_item_features=["kinds", "name"]
    )
    events.to_parquet(folder / "interactions.parquet", index=False)
    users.astype(str).to_csv(folder / "user_features.csv", index=False)
    items[["id", "feature", "value"]].to_csv(folder / "item_features.csv", index=False)
    return _counts(made.user_id_map.size, made.item_id_map.size, len(made.interactions.df))


def replay() -> dict[str, int]:
    """Saves a data set whose columns have names of their own."""
    from replay.data import Dataset, FeatureHint, FeatureInfo, FeatureSchema, FeatureType

    category, number = FeatureType.CATEGORICAL, FeatureType.NUMERICAL
    schema = FeatureSchema(
        [
            FeatureInfo("client", category, FeatureHint.QUERY_ID),
            FeatureInfo("thing", category, FeatureHint.ITEM_ID),
            FeatureInfo("stars", number, FeatureHint.RATING),
            FeatureInfo("when", number, FeatureHint.TIMESTAMP),
            FeatureInfo("branch", category),
            FeatureInfo("name", category),
            FeatureInfo("taste", FeatureType.NUMERICAL_LIST),
            FeatureInfo("kinds", FeatureType.CATEGORICAL_LIST),
        ]
    )
    names = {"user_id": "client", "item_id": "thing", "rating": "stars", "timestamp": "when"}
    everybody = pd.concat([USERS, pd.DataFrame({"user_id": ["bob"]})], ignore_index=True)
    made = Dataset(
        schema, *(frame.rename(columns=names) for frame in (INTERACTIONS, everybody, ITEMS))
    )
    made.save(str(HERE / "sample"))
    return _counts(made.query_count, made.item_count, len(made.interactions))


def _counts(users: int, items: int, interactions: int) -> dict[str, int]:
    return {"users": int(users), "items": int(items), "interactions": int(interactions)}


_MADE = {
    "recbole": (recbole, "recbole"), "lenskit": (lenskit, "lenskit"),
    "rectools": (rectools, "rectools"), "replay": (replay, "replay-rec"),
}  # fmt: skip
"""Name -> what makes it, and the package."""


def main(names: Sequence[str]) -> None:
    """Writes samples, and what was counted."""
    path = HERE / "expected.json"
    expected = json.loads(path.read_text()) if path.exists() else {}
    for name in names:
        make, package = _MADE[name]
        expected[name] = make() | {"version": version(package), "pandas": version("pandas")}
    path.write_text(json.dumps(expected, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
