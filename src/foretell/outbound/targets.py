"""What a stranger's URL may look like, before anything is resolved."""

import httpx

from foretell.errors import Code, Error

URL_CHARACTERS_MAX = 2_048
PORT_MAX = 65_535


def target(url: str) -> httpx.URL:
    """The URL without its fragment. Error(INVALID_PARAMETER) for what is not a plain http or https URL."""
    if len(url) > URL_CHARACTERS_MAX:
        raise _wrong(f"A URL may have {URL_CHARACTERS_MAX} characters.")
    if any(character == " " or not character.isprintable() for character in url):
        raise _wrong("A URL has no spaces or control characters.")
    try:
        found = httpx.URL(url)
        found.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise _wrong(f"'{url}' is not a URL.") from error
    if found.scheme not in {"http", "https"} or not found.host:
        raise _wrong(f"'{url}' is not an http or https URL.")
    if found.userinfo:
        raise _wrong("A URL must not hold a user name or password.")
    if not 1 <= port(found) <= PORT_MAX:
        raise _wrong(f"There is no port {port(found)}.")
    return found.copy_with(fragment=None)


def port(url: httpx.URL) -> int:
    """The port that a URL means."""
    if url.port is not None:
        return url.port
    return 443 if url.scheme == "https" else 80


def _wrong(message: str) -> Error:
    return Error(Code.INVALID_PARAMETER, message)
