"""What a password may be, and what is kept of it."""

from __future__ import annotations

import pytest

from chatd.accounts.passwords import MAX_BYTES, DamagedHashError, Hasher, check
from chatd.protocol.moderation_commands import MAX_PASSWORD_BYTES


@pytest.fixture
def hasher() -> Hasher:
    return Hasher(rounds=1, memory_kib=8, lanes=1)


def test_only_the_password_itself_is_right(hasher: Hasher) -> None:
    kept = hasher.hash("correct-horse")
    assert kept.startswith("$argon2id$v=19$")
    assert hasher.verify(kept, "correct-horse")
    assert not hasher.verify(kept, "correct-horsf")
    assert hasher.hash("correct-horse") != kept


def test_it_is_the_same_from_every_keyboard(hasher: Hasher) -> None:
    assert hasher.verify(hasher.hash("caf\u00e9-au-lait"), "cafe\u0301-au-lait")


@pytest.mark.parametrize("damaged", ["", "password", "$argon2id$v=19$m=8,t=1,p=1$!!!!$????"])
def test_what_is_no_hash_is_no_wrong_password(hasher: Hasher, damaged: str) -> None:
    with pytest.raises(DamagedHashError):
        hasher.verify(damaged, "correct-horse")


def test_nobodys_hash_costs_what_all_others_do(hasher: Hasher) -> None:
    assert not hasher.is_outdated(hasher.nobodys)
    assert len(hasher.nobodys) == len(hasher.hash("correct-horse"))
    assert not hasher.verify(hasher.nobodys, "correct-horse")
    assert Hasher(1, 8, 1).nobodys != hasher.nobodys


def test_a_hash_of_another_cost_is_outdated(hasher: Hasher) -> None:
    assert Hasher(rounds=2, memory_kib=8, lanes=1).is_outdated(hasher.hash("correct-horse"))


def test_the_cost_is_what_the_rfc_recommends() -> None:
    assert "$m=65536,t=3,p=4$" in Hasher().nobodys


@pytest.mark.parametrize("password", ["12345678", "passw\u00f6rd", "a" * MAX_BYTES, "key=value=x"])
def test_what_may_be_a_password(password: str) -> None:
    check(password)


@pytest.mark.parametrize("password", ["", "1234567", "a" * (MAX_BYTES + 1), "two words", "tab\tbed-in", "esc\x1bape-d"])
def test_what_may_not(password: str) -> None:
    with pytest.raises(ValueError, match="the password ") as refused:
        check(password)
    assert not password or password not in str(refused.value)


def test_a_line_can_say_every_password() -> None:
    assert MAX_BYTES == MAX_PASSWORD_BYTES
