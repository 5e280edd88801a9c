"""The one address of a Redis behind Sentinels."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import env
from portal.lib.sentinel import SentinelPool, parse


def test_an_address_names_every_sentinel_the_master_and_the_password() -> None:
    """S5"""
    watched = parse("sentinel://:pa%40ss@one:26380,two,three:26381/portal")
    assert watched.sentinels == (("one", 26380), ("two", 26379), ("three", 26381))
    assert (watched.master, watched.password) == ("portal", "pa@ss")
    assert watched.broker_url == (
        "sentinel://:pa%40ss@one:26380;sentinel://:pa%40ss@two:26379;sentinel://:pa%40ss@three:26381"
    )
    assert "pa@ss" not in repr(watched)


def test_without_a_password_none_is_sent() -> None:
    assert parse("sentinel://one/portal").broker_url == "sentinel://one:26379"


@pytest.mark.parametrize(
    "url",
    ["sentinel://", "sentinel://one", "sentinel:///portal", "sentinel://one:x/portal", "sentinel://:26379/portal",
     "sentinel://one/portal/2"],
)  # fmt: skip
def test_what_is_missing_is_said_at_the_start_and_the_password_is_not(url: str) -> None:
    """O2"""
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        env.watched("REDIS_URL", url)
    with pytest.raises(ImproperlyConfigured) as problem:
        env.watched("REDIS_URL", url.replace("sentinel://", "sentinel://:secret-word@"))
    assert "secret-word" not in str(problem.value)


def test_another_address_is_none_of_sentinels() -> None:
    assert env.watched("REDIS_URL", "redis://one:6379/0") is None


def test_the_cache_asks_the_sentinels_with_the_same_patience() -> None:
    """S5"""
    pool = SentinelPool.from_url("sentinel://:word@one,two/portal", socket_timeout=0.5, socket_connect_timeout=0.5)
    assert pool.service_name == "portal"
    asked = [each.connection_pool.connection_kwargs for each in pool.sentinel_manager.sentinels]
    assert [kwargs["socket_timeout"] for kwargs in asked] == [0.5, 0.5]
    assert all(kwargs.get("password") is None for kwargs in asked)
    assert pool.connection_kwargs["password"] == "word"
