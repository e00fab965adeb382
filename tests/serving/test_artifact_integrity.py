"""Whatever happens to an artifact's files, loading says so in one line."""

import hashlib
import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from artifact_contents import contents
from safetensors.numpy import load_file, save_file

from recsys.errors import InputError
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.serving import OfferTable, load, write

MANIFEST = "manifest.json"
OFFERS = OfferTable(
    ids=np.array(["solo", "pair"]),
    starts=np.array([0, 1, 3]),
    products=np.array([4, 5, 6]),
    touchpoints=np.array([-1, 2]),
    valid_from=np.full(2, OPEN_START),
    valid_to=np.full(2, OPEN_END),
)


def write_plain(folder, **changes):
    write(folder, contents(**changes))


def write_everything(folder, **changes):
    """An artifact of all that one may have beside its vectors."""
    pytest.importorskip("faiss")
    parts = {"offers": OFFERS, "calibrator": {"line": np.array([0.0, 1.0])}}
    write(folder, contents(**parts, **changes), index_kind="hnsw", kept_as="int8")


WRITES = (write_plain, write_everything)


def files_of(folder):
    """What the manifest lists, and itself; there is nothing else."""
    names = [*json.loads((folder / MANIFEST).read_text())["files"], MANIFEST]
    assert sorted(names) == sorted(path.name for path in folder.iterdir())
    return names


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "artifact"
    write_plain(folder)
    return folder


@pytest.fixture(scope="module", params=WRITES, ids=lambda written: written.__name__)
def each(request, tmp_path_factory):
    """An artifact of each kind, and how it was written."""
    folder = tmp_path_factory.mktemp("each") / "artifact"
    request.param(folder)
    return folder, request.param


def copies(each, tmp_path):
    """A copy of the artifact for each of its files, and the file's name."""
    folder, _ = each
    for name in files_of(folder):
        yield shutil.copytree(folder, tmp_path / name / "artifact"), name


@pytest.fixture
def artifact(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "artifact")


def flip_first(path):
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


def flip_middle(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def flip_last(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def empty(path):
    path.write_bytes(b"")


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"\n")


def remove(path):
    path.unlink()


def replace_by_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = (flip_first, flip_middle, flip_last, cut, empty, lengthen, remove, replace_by_folder)


def test_there_is_a_file_of_each_kind(tmp_path):
    write_everything(tmp_path / "a")
    assert set(files_of(tmp_path / "a")) == {
        "embeddings.safetensors", "ids.parquet", "rules.json", "MODEL_CARD.md", "index.faiss",
        MANIFEST,
    }  # fmt: skip
    kept = set(load_file(tmp_path / "a" / "embeddings.safetensors"))
    assert {"products_scales", "calibrator_line", "offer_starts", "consent"} <= kept


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_to_any_file_is_found(each, tmp_path, damage):
    for artifact, name in copies(each, tmp_path):
        damage(artifact / name)
        with pytest.raises(InputError) as raised:
            load(artifact)
        assert name in str(raised.value)
        assert "\n" not in str(raised.value)


def test_every_byte_of_the_manifest_counts(artifact):
    path = artifact / "manifest.json"
    good = path.read_bytes()
    for position in range(0, len(good), 17):
        path.write_bytes(good[:position] + bytes([good[position] ^ 2]) + good[position + 1 :])
        with pytest.raises(InputError):
            load(artifact)


def test_a_file_of_another_artifact_is_found(each, tmp_path):
    facts = {"model": "other", "clock": "order", "as_of": 1_700_000_000}
    each[1](tmp_path / "other", seed=1, facts=facts, filter_seen=False)
    for artifact, name in copies(each, tmp_path):
        shutil.copy(tmp_path / "other" / name, artifact / name)
        with pytest.raises(InputError, match="of another artifact"):
            load(artifact)


def resealed(artifact, change):
    """Rewrites the manifest so that only the change itself can be objected to."""
    body = json.loads((artifact / "manifest.json").read_text())
    del body["sha256"]
    change(body)
    body["sha256"] = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    (artifact / "manifest.json").write_text(json.dumps(body, indent=2) + "\n")


def test_resealing_changes_nothing(artifact):
    resealed(artifact, lambda body: None)
    load(artifact)


@pytest.mark.parametrize("outside", ["../{}", "/{}", "inner/{}", "..", ".", "", "..\\{}"])
def test_a_path_that_leaves_the_folder_is_refused(each, tmp_path, outside):
    for artifact, name in copies(each, tmp_path):
        if name != MANIFEST:
            shutil.copy(artifact / name, artifact.parent / name)

            def move(body, name=name):
                body["files"][outside.format(name)] = body["files"][name]

            resealed(artifact, move)
            with pytest.raises(InputError, match=r"outside the artifact|is missing"):
                load(artifact)


def test_a_manifest_must_list_every_file(each, tmp_path):
    for artifact, name in copies(each, tmp_path):
        if name != MANIFEST:
            resealed(artifact, lambda body, name=name: body["files"].pop(name))
            with pytest.raises(InputError, match=f"does not list {name}"):
                load(artifact)


@pytest.mark.parametrize("files", [None, [], {"rules.json": 5}, {"rules.json": {}}])
def test_a_strange_file_list_is_refused(artifact, files):
    resealed(artifact, lambda body: body.update(files=files))
    with pytest.raises(InputError):
        load(artifact)


def test_a_future_format_is_refused(artifact):
    resealed(artifact, lambda body: body.update(format_version=6, files="elsewhere"))
    with pytest.raises(InputError, match="format version 6, this recsys reads up to 5: upgrade"):
        load(artifact)


@pytest.mark.parametrize("rules", [{}, {"dates": ["customers"]}, {"masks_seen": 1, "dates": 7}])
def test_rules_that_make_no_sense_are_refused(artifact, rules):
    path = artifact / "rules.json"
    path.write_text(json.dumps(rules))
    entry = {
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    resealed(artifact, lambda body: body["files"].update({"rules.json": entry}))
    with pytest.raises(InputError, match="cannot be read"):
        load(artifact)


def test_a_folder_that_is_no_artifact_is_named(tmp_path):
    with pytest.raises(InputError, match=r"is not an artifact: manifest.json cannot be read"):
        load(tmp_path / "nowhere")
    (tmp_path / "manifest.json").write_text('{"name": "a web app"}')
    with pytest.raises(InputError, match="not the manifest of a recsys artifact"):
        load(tmp_path)


def with_ids(artifact, table):
    pq.write_table(table, artifact / "ids.parquet", compression="zstd")
    raw = (artifact / "ids.parquet").read_bytes()
    entry = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    resealed(artifact, lambda body: body["files"].update({"ids.parquet": entry}))


def test_ids_that_would_unpack_to_gigabytes_are_not_unpacked(artifact):
    table = pq.read_table(artifact / "ids.parquet")
    # Once in a dictionary, and a number in each line.
    long = pa.array(["x" * 2**20]).take(pa.array([0] * len(table)))
    with_ids(artifact, table.set_column(4, "name", long))
    assert (artifact / "ids.parquet").stat().st_size < 20_000
    with pytest.raises(InputError, match=r"ids.parquet would unpack to [\d,]+ bytes for 75 ids"):
        load(artifact)


def test_more_ids_than_the_manifest_counts_are_not_read(artifact):
    table = pq.read_table(artifact / "ids.parquet")
    with_ids(artifact, pa.concat_tables([table] * 1000))
    with pytest.raises(InputError, match="has 75,000 lines where the manifest counts 73"):
        load(artifact)


def test_names_too_long_to_be_read_are_not_written(tmp_path):
    with pytest.raises(InputError, match="at most 1,024 are allowed; shorten the names"):
        write(tmp_path / "a", contents(product_names=["x" * 100_000] * 30))
    assert not (tmp_path / "a").exists()


def with_vectors(artifact, **changes):
    path = artifact / "embeddings.safetensors"
    save_file({**load_file(path), **changes}, path)
    raw = path.read_bytes()
    entry = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    resealed(artifact, lambda body: body["files"].update({path.name: entry}))


def test_scales_that_do_not_fit_are_refused(tmp_path):
    write(tmp_path / "a", contents(), kept_as="int8")
    with_vectors(tmp_path / "a", products_scales=np.ones((30, 2), np.float32))
    with pytest.raises(InputError, match="products_scales does not fit products"):
        load(tmp_path / "a")


def test_a_calibrator_that_is_none_is_refused(artifact):
    with_vectors(artifact, calibrator_slope=np.ones(2))
    with pytest.raises(InputError, match="calibrator: expected 'line'"):
        load(artifact)
