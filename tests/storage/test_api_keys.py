"""Keys: only a hash is kept, a wrong secret or a revoked key is refused."""

from __future__ import annotations

from typing import Any

import pytest

from app.storage.api_keys import (
    KeyRefused,
    create_key,
    find_key,
    list_keys,
    revoke_key,
    split_token,
)


def test_a_key_admits_its_secret_until_it_is_revoked(database: Any) -> None:
    key, token = create_key(database, "bank", ["decisions:write", "policies:read"], 7)
    parts = split_token(token)
    assert parts is not None and parts[0] == key.id
    stored = find_key(database, key.id)
    assert stored == key and stored.scopes == {"decisions:write", "policies:read"}
    assert stored.admits(parts[1])
    assert not stored.admits(parts[1][:-1] + ("0" if parts[1][-1] != "0" else "1"))
    assert not stored.admits("")
    revoked = revoke_key(database, key.id)
    assert revoked.revoked_at is not None and not revoked.admits(parts[1])
    assert revoke_key(database, key.id).revoked_at == revoked.revoked_at
    assert list_keys(database) == [revoked]


def test_the_secret_is_not_in_the_database(database: Any) -> None:
    _, token = create_key(database, "bank", ["decisions:write"])
    secret = token.rpartition("_")[2]
    row = database.execute_sql("select * from api_keys").fetchone()
    assert len(secret) == 64 and secret not in str(row)


@pytest.mark.parametrize(
    "name, scopes, rate, message",
    [
        ("", ["decisions:write"], 1, "a key's name has 1 to 128 printable characters"),
        ("a\nb", ["decisions:write"], 1, "printable"),
        ("a", [], 1, "say what the key may do"),
        ("a", ["decisions:writ"], 1, "unknown scope 'decisions:writ'; there are decisions:write"),
        ("a", ["decisions:write"], 0, "a rate is 1 to"),
    ],
)
def test_what_is_refused(
    database: Any, name: str, scopes: list[str], rate: int, message: str
) -> None:
    with pytest.raises(KeyRefused, match=message):
        create_key(database, name, scopes, rate)
    assert list_keys(database) == []


def test_revoking_what_is_not_there_names_what_is(database: Any) -> None:
    key, _ = create_key(database, "bank", ["decisions:write"])
    with pytest.raises(KeyRefused, match=f"there is no key 'x'; there are: {key.id}"):
        revoke_key(database, "x")


@pytest.mark.parametrize("token", ["", "cx_", "cx_a", "ax_a_b", "cx_a_b_c", "cx_á_b", "Bearer"])
def test_tokens_of_another_form_are_none_of_ours(token: str) -> None:
    assert split_token(token) is None
