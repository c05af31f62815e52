"""Dev tokens: what they carry, who can verify them, and what `phigate token` says when it cannot mint."""

from __future__ import annotations

import json
import threading

import pytest
from click.testing import CliRunner
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from authz.cli.token import token as token_command
from authz.identity import principal_from_claims
from authz.quickstart import tokens

ISSUER = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return tokens.load_or_create_key(tmp_path_factory.mktemp("keys") / "idp.pem")


@pytest.fixture
def state(tmp_path):
    tokens.load_or_create_key(tmp_path / "keys" / "idp.pem")
    (tmp_path / "up.json").write_text(json.dumps({"issuer": ISSUER, "audience": "ward", "pids": {"idp": 1}}))
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(token_command, [str(argument) for argument in arguments])


def test_a_token_verifies_with_the_published_keys_and_makes_a_principal(key):
    """The JWKS alone verifies a token, and its claims are those that authz.identity reads."""
    text = tokens.mint(key, issuer=ISSUER, subject="ada", groups=["clinicians"], now=1000, ttl_seconds=60)
    decoded = jwt.decode(text, KeySet.import_key_set(tokens.jwks(key)), algorithms=["RS256"])
    assert decoded.header == {"typ": "JWT", "alg": "RS256", "kid": tokens.jwks(key)["keys"][0]["kid"]}
    assert decoded.claims["aud"] == "phigate"
    principal = principal_from_claims(decoded.claims)
    assert (principal.tenant, principal.issuer, principal.subject) == ("default", ISSUER, "ada")
    assert (principal.groups, principal.kind, principal.expires_at) == (("clinicians",), "human", 1060)


def test_token_ids_differ_and_can_be_given(key):
    """Each token has an id of its own, unless a test names one."""
    ids = {
        jwt.decode(tokens.mint(key, issuer=ISSUER, subject="a", token_id=given), key).claims["jti"]
        for given in (None, None, "fixed")
    }
    assert len(ids) == 3
    assert "fixed" in ids


def test_the_key_set_holds_no_private_member(key):
    """What /jwks publishes cannot sign."""
    assert set(tokens.jwks(key)["keys"][0]) == {"kty", "n", "e", "kid", "use", "alg"}


def test_another_key_does_not_verify(key, tmp_path):
    """A token of one installation is worthless at another."""
    other = tokens.load_or_create_key(tmp_path / "other.pem")
    with pytest.raises(BadSignatureError):
        jwt.decode(tokens.mint(other, issuer=ISSUER, subject="ada"), key)


def test_the_key_file_is_private_and_made_once(tmp_path):
    """The file is readable by its owner only; makers that start together share one key and leave no drafts."""
    path = tmp_path / "keys" / "idp.pem"
    seen: list[str] = []
    threads = [
        threading.Thread(target=lambda: seen.append(tokens.key_id(tokens.load_or_create_key(path)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(seen) == 4
    assert len(set(seen)) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_broken_key_file_is_named_not_quoted(tmp_path):
    """The error for a bad key names the file and repeats none of its content."""
    path = tmp_path / "idp.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\ncanary\n")
    with pytest.raises(tokens.KeyFileError) as caught:
        tokens.load_or_create_key(path)
    assert str(path) in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_public_key_file_is_refused(key, tmp_path):
    """A public key cannot mint; better to hear it at start."""
    path = tmp_path / "public.pem"
    path.write_bytes(key.as_pem(private=False))
    with pytest.raises(tokens.KeyFileError, match="public key only"):
        tokens.load_key(path)


def test_the_command_prints_a_token_for_the_running_stack(state):
    """Issuer and audience come from up.json; the flags end up in the claims."""
    result = run("--state", state, "--subject", "nightly", "--group", "a", "--group", "b", "--service", "--ttl", "90s")
    assert result.exit_code == 0, result.output
    decoded = jwt.decode(result.stdout.strip(), tokens.load_key(state / "keys" / "idp.pem"))
    claims = decoded.claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "ward", "nightly")
    assert (claims["groups"], claims["phigate_kind"]) == (["a", "b"], "service")
    assert claims["exp"] - claims["iat"] == 90


def test_the_command_speaks_json_and_takes_overrides(state):
    """--json gives the expiry beside the token; audience, tenant and issuer can be named."""
    result = run(
        *("--state", state, "--subject", "ada", "--json"),
        *("--audience", "x", "--tenant", "t", "--issuer", "http://i"),
    )
    answer = json.loads(result.stdout)
    claims = jwt.decode(answer["token"], tokens.load_key(state / "keys" / "idp.pem")).claims
    assert (claims["aud"], claims["tenant"], claims["iss"]) == ("x", "t", "http://i")
    assert answer["expires_at"] == claims["exp"]


@pytest.mark.parametrize("ttl", ["0s", "1", "h", "-5m", "31d", "1.5h", "٣h"])
def test_a_wrong_ttl_is_a_usage_error(state, ttl):
    """Only whole numbers with a unit, up to 30 days."""
    result = run("--state", state, "--subject", "ada", f"--ttl={ttl}")
    assert result.exit_code == 2
    assert "30 days" in result.output


def test_no_state_says_how_to_start(tmp_path):
    """Without a stack the command names `phigate up`."""
    result = run("--state", tmp_path / "nowhere", "--subject", "ada")
    assert result.exit_code == 2
    assert "phigate up" in result.stderr
    assert not result.stdout


def test_a_stopped_stack_needs_a_named_issuer(state):
    """A key without up.json mints only for an issuer that the user names."""
    (state / "up.json").unlink()
    refused = run("--state", state, "--subject", "ada")
    assert refused.exit_code == 2
    assert "--issuer" in refused.stderr
    assert run("--state", state, "--subject", "ada", "--issuer", ISSUER).exit_code == 0


@pytest.mark.parametrize("leftover", [True, False])
def test_a_foreign_issuer_is_named_and_nothing_is_minted(state, leftover):
    """A stack that trusts another issuer gets no dev token, even when an old dev key lies about."""
    (state / "up.json").write_text(json.dumps({"issuer": "https://login.example", "pids": {"envoy": 1}}))
    if not leftover:
        (state / "keys" / "idp.pem").unlink()
    result = run("--state", state, "--subject", "ada")
    assert result.exit_code == 2
    assert "https://login.example" in result.stderr
    assert not result.stdout


@pytest.mark.parametrize("content", ["{", "[]", '{"issuer": 7}'])
def test_a_broken_up_file_ends_clearly(state, content):
    """A state file that is not what we wrote ends with exit code 2 and no traceback."""
    (state / "up.json").write_text(content)
    result = run("--state", state, "--subject", "ada")
    assert result.exit_code == 2
    assert "up.json" in result.stderr


def test_a_broken_key_ends_clearly(state):
    """A key file that holds no key ends with exit code 2."""
    (state / "keys" / "idp.pem").write_text("no key")
    result = run("--state", state, "--subject", "ada")
    assert result.exit_code == 2
    assert "holds no RSA key" in result.stderr
