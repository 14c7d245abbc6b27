"""Our formats (V4) and the strictness of signed notes (V6)."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.evidence import notes, tree
from bot.evidence.log import commit, entry_of
from bot.evidence.notes import BadNote
from bot.evidence.tree import Head

ORIGIN = "acme.example/hr-log/1"
LOG_VKEY = f"{ORIGIN}+d0e03da7+AdOw3DZ1Z3jqnx/aghf+sX/K9EHkmqbH3f99dm/DOKiC"
PROMISE_VKEY = f"{ORIGIN}/promise+28ad00b8+AXQxdJIcUqZqgBomxrbXhdiNffVQByHuck3u+Eg9qXeg"
WITNESS_VKEY = "union.acme.example/witness+6663d539+BI4Svu/63DIDFRR8esS8hbldAhBCnJh7h0R8jK/mLAWv"
ENVELOPE = (
    b'{"actor":"p:sys","at":"2026-01-02T00:00:00.000Z","id":"evt_test_2","log":"acme.example/hr-log/1",'
    b'"object":{"id":"ntc_test_1","prev":null,"seq":1},"parts":[{"c":"x1giYpsZkEc4EqbeuFiTNYReMz9/EVoGAvbfq7gXmPQ=",'
    b'"len":109,"mt":"application/octet-stream","name":"body.txt"}],"subject":"p:e1","type":"notice.created","v":1}'
)
CHECKPOINT = f"""{ORIGIN}
8
2dK/VNIiHcmMdgI72MnzrYRW/2G8pBhY9LqdFNtiEgc=

— acme.example/hr-log/1 0OA9p1x5wVuKtKoBtUHZ4ui24BhGCiuKGn8UwqWCz+MDen5ZRYKt8gde4p60vmvM1Z9vyHsh2GLmUIeAjmUU5L7PYAE=
— union.acme.example/witness ZmPVOQAAAABpVwqAJUB5UkG+ovqH6qO+v+ULE57RNgfiyOpP089uISq6F8C+X2OVP+\
ke+AdOYTBdylJssSau49KyAXRfbxVaDj5SCw==
"""
PROOF = f"""c2sp.org/tlog-proof@v1
index 1
F6I75S/irMtzcROa3rkKPhMYu2eb/gsXIa3tXSCjNLk=
emuvEqkTNqruHg7M3rBZV35nylxqWKxeD9NwelhTJqI=
tML5/UdrLIlSd+yA8mleSj0BtWoPxgP6evQkDlII1/c=

{CHECKPOINT}"""
LEAF_HASHES = [
    "17a23be52fe2accb7371139adeb90a3e1318bb679bfe0b1721aded5d20a334b9",
    "4763dd37a9a9660ede42008fb41207021ad69a52f918d81c043db0df00d8f1cf",
    "08b9f9959293a64142a323064f8cca59f1f4d13997afd7f6e49b83602b00cb8f",
    "3c4e3c9eee5f1bb76bafbf64735ea713a0158ac2df8ddc18201860c4835c0710",
    "8b59e4004fd8f995674ed55a3db9ed56e9a826a5ea84f2d52dd85bd4b23fbe4d",
    "ff085f3875ec34d96df3324b46a8f68cd816d31ab0750495559d3408b57be87c",
    "7ab358136f41016c2801bcd04aa6d9f1c2989d4b53b13d64c89d969ca4591adf",
    "bdfebb1023400f201e2d3be7fca612c9943ac1525a6f184330ab2d2c2a67c0b9",
]
EXAMPLE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def key(label: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(label.encode()).digest())


LOG_KEY, PROMISE_KEY = key("hrbot vector: log key 1"), key("hrbot vector: promise key 1")
ENTRY = entry_of(hashlib.sha256(b"hrbot vector: envelope salt 2").digest(), ENVELOPE)


def test_keys_and_entry() -> None:
    assert str(notes.vkey_of(ORIGIN, LOG_KEY)) == LOG_VKEY
    assert str(notes.vkey_of(f"{ORIGIN}/promise", PROMISE_KEY)) == PROMISE_VKEY
    salt = hashlib.sha256(b"hrbot vector: envelope salt 2").digest()
    assert salt.hex() == "c9e25e9845604ae47b532fc668d978c2f4b2d9730319c3c5c0b8167314adecd2"
    assert hashlib.sha256(ENVELOPE).hexdigest() == "2aa582435fdf4bfbfa31029a245c720748715690fee3e6b4b37633353129809d"
    assert ENTRY == b"hrlog/1\nd9jZfqqsElViJh6GTvDakHk/JYf+o/HejcSjAZl/488=\n" and len(ENTRY) == 53
    assert tree.leaf_hash(ENTRY).hex() == LEAF_HASHES[1]


@pytest.mark.parametrize("size", [0, 31, 33])
def test_salt_has_one_length(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        commit(b"s" * size, b"")


def test_checkpoint_and_proof() -> None:
    nodes = tree.reader([bytes.fromhex(value) for value in LEAF_HASHES])
    head = tree.head_at(nodes, 8)
    note = notes.sign(notes.checkpoint_text(ORIGIN, head), ORIGIN, LOG_KEY)
    assert CHECKPOINT.startswith(note)
    vkey = notes.parse_vkey(LOG_VKEY)
    assert notes.open_checkpoint(CHECKPOINT, vkey) == head
    assert notes.proof_text(1, tree.inclusion_path(nodes, 1, 8), CHECKPOINT) == PROOF
    assert notes.open_proof(PROOF, ENTRY, vkey) == (1, head)
    assert notes.open_proof(PROOF.replace("index", "extra AAAA\nindex", 1), ENTRY, vkey) == (1, head)
    old = tree.head_at(nodes, 5)
    assert old.root.hex() == "39d7d68481cdd5d8d9e1ab5dc7ef5ad00408c7e04c3352b8b6742de236c3c737"
    proof = tree.consistency_path(nodes, 5, 8)
    assert [step.hex() for step in proof] == [
        LEAF_HASHES[4],
        LEAF_HASHES[5],
        "9481bf94f62eb6622e0a678e34ffda95cd410fdcde08a072e9d5b84b9f0ba574",
        "d8f67caf6dc6a48e1b598e357a2abaf8049ab1b20bbb33c4dbdb3caefd590cc9",
    ]
    assert tree.verify_consistency(old, head, proof)


def test_promise() -> None:
    text = f"hrbot-promise/1\n{ORIGIN}\nR2PdN6mpZg7eQgCPtBIHAhrWmlL5GNgcBD2w3wDY8c8=\n1767312000000\n"
    line = (
        f"— {ORIGIN}/promise KK0AuHQvB15dJDxJICwdnXQzpeffo4EOKpNQ7xaLmX6sh2S5k/4XvKyP58XL+yvQFGQwAMFD"
        "/lCykhkE8JSjO718awk=\n"
    )
    assert notes.sign(text, f"{ORIGIN}/promise", PROMISE_KEY) == f"{text}\n{line}"


@pytest.mark.parametrize(
    "change",
    [
        ("index 1\n", "index 01\n"),
        ("index 1\n", "index 2\n"),
        ("index 1\n", "index 8\n"),
        ("index 1\n", "index -1\n"),
        ("index 1\n", "Index 1\n"),
        ("@v1", "@v2"),
        ("F6I75S", "G6I75S"),
        ("F6I75S/irMtzcROa3rkKPhMYu2eb/gsXIa3tXSCjNLk=", "F6I75S=="),
        ("index 1\n", "index 1\n" + "F6I75S/irMtzcROa3rkKPhMYu2eb/gsXIa3tXSCjNLk=\n" * 64),
        ("\n8\n", "\n08\n"),
        ("\n8\n", "\n9\n"),
    ],
)
def test_bad_proofs(change: tuple[str, str]) -> None:
    with pytest.raises(BadNote):
        notes.open_proof(PROOF.replace(*change, 1), ENTRY, notes.parse_vkey(LOG_VKEY))


def test_proof_of_another_entry() -> None:
    with pytest.raises(BadNote, match="not at this place"):
        notes.open_proof(PROOF, ENTRY + b"x", notes.parse_vkey(LOG_VKEY))


def test_vkey_parsing() -> None:
    assert str(notes.parse_vkey(NEUMANN)) == NEUMANN
    for cut in range(len(NEUMANN)):
        for bad in (NEUMANN[:cut], NEUMANN[cut + 1 :], NEUMANN[:cut] + chr(ord(NEUMANN[cut]) + 1) + NEUMANN[cut + 1 :]):
            with pytest.raises(BadNote):
                notes.parse_vkey(bad)
    name, _, blob = NEUMANN.split("+", 2)
    raw = base64.b64decode(blob)
    for data in (raw[:-1], raw + b"x", b"\x04" + raw[1:]):
        number = hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8]
        with pytest.raises(BadNote, match="algorithm or length"):
            notes.parse_vkey(f"{name}+{number}+{notes.b64(data)}")
    with pytest.raises(BadNote):  # a witness key must never check a log's line
        notes.parse_vkey(WITNESS_VKEY)


def test_example_note() -> None:
    vkey = notes.parse_vkey(EXAMPLE_KEY)
    assert notes.open_note(EXAMPLE, [vkey]) == ("This is an example message.\n", (vkey,))
    other = notes.sign("This is an example message.\n", "example.com/foo", LOG_KEY).split("\n\n")[1]
    assert notes.open_note(EXAMPLE + other * 20, [vkey])[1] == (vkey,)
    with pytest.raises(BadNote, match="known key"):
        notes.open_note(EXAMPLE, [notes.parse_vkey(NEUMANN)])


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "\n",
        EXAMPLE[:-1],
        EXAMPLE.replace("\n\n", "\n"),
        EXAMPLE.replace("— ", "- "),
        EXAMPLE.replace("message", "messagf"),
        EXAMPLE.replace("message", "mess\rage"),
        EXAMPLE.replace("message", "mess\x00age"),
        EXAMPLE.replace("message", "mess\x7fage"),
        EXAMPLE.replace("aQM=", "aQN="),
        EXAMPLE.replace("aQM=", "aQM"),
        EXAMPLE.replace("Uw2QOkn8", "Uw2QOkn9"),
        EXAMPLE + "\n",
        EXAMPLE + "— x AAAA\n",
        EXAMPLE + "— x\n",
        EXAMPLE + "— a+b AAAAAAAA\n",
        EXAMPLE + EXAMPLE.split("\n\n")[1].replace("Uw2QOkn8", "Uw2QOkn9").replace("\n", "") * 1,
        EXAMPLE + "— x AAAAAAAA\n" * 100,
    ],
)
def test_bad_notes(bad: str) -> None:
    with pytest.raises(BadNote):
        notes.open_note(bad, [notes.parse_vkey(EXAMPLE_KEY)])


@pytest.mark.parametrize("text", ["no line feed", "carriage\r\n", "bell\x07\n"])
def test_unsignable_text(text: str) -> None:
    with pytest.raises(BadNote):
        notes.sign(text, ORIGIN, LOG_KEY)


@pytest.mark.parametrize("size", ["08", "+8", " 8", "8 ", "-1", "٨", "", "1" * 20])
def test_bad_checkpoint_sizes(size: str) -> None:
    with pytest.raises(BadNote):
        notes.parse_checkpoint(f"{ORIGIN}\n{size}\n{notes.b64(bytes(32))}\n")


@pytest.mark.parametrize(
    "text", [f"{ORIGIN}\n8\n", f"{ORIGIN}\n8\n{notes.b64(bytes(31))}\n", f"{ORIGIN}\n8\nx\n", "\n\n\n"]
)
def test_bad_checkpoints(text: str) -> None:
    with pytest.raises(BadNote):
        notes.parse_checkpoint(text)


def test_checkpoint_of_another_log() -> None:
    note = notes.sign(notes.checkpoint_text("other.example/log", Head(1, bytes(32))), ORIGIN, LOG_KEY)
    with pytest.raises(BadNote, match="another log"):
        notes.open_checkpoint(note, notes.parse_vkey(LOG_VKEY))
