"""The generated Envoy configuration: committed, deterministic, accepted by Envoy, and linted for what fails open."""

from __future__ import annotations

import copy
import datetime as dt
import json
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from envoy_rig import envoy_binary, needs_envoy
from joserfc.jwk import ECKey

from authz.bootstrap import BootstrapSettings, Upstream, fragment, lint, render, render_secret
from authz.bootstrap.settings import SYSTEM_CA
from authz.cli.bootstrap import bootstrap as command
from authz.errors import ConfigError

ENVOY = Path(__file__).parents[2] / "envoy"


def settings(**overrides):
    return BootstrapSettings(
        **{
            "workers": ("/run/phigate/w0.sock", "/run/phigate/w1.sock"),
            "issuer": "https://idp.example",
            "secret_file": "/run/phigate/secrets/anthropic-key.yaml",
            "secret_dir": "/run/phigate/secrets",
            "jwks_uri": "https://idp.example/jwks",
            **overrides,
        }
    )


@pytest.fixture(scope="module")
def rendered():
    return yaml.safe_load(render(settings()))


@pytest.mark.parametrize(("name", "options"), [("bootstrap.yaml", []), ("fragment.yaml", ["--fragment"])])
def test_committed_files_are_up_to_date(name, options):
    """What `phigate bootstrap` prints is what is committed, byte for byte."""
    done = CliRunner().invoke(command, options)
    assert done.exit_code == 0
    assert done.output == (ENVOY / name).read_text()


def test_rendering_is_deterministic():
    """The same settings give the same bytes."""
    assert render(settings()) == render(settings())
    assert fragment(settings()) == fragment(settings())


def test_own_rendering_has_no_problem(rendered):
    """The lint accepts what we generate, in text, as a document and in camel case."""
    assert lint(rendered) == []
    assert lint((ENVOY / "bootstrap.yaml").read_text()) == []


def self_signed(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "phigate test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "tls").mkdir()
    (folder / "tls" / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tls" / "tls.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def as_bootstrap(text: str) -> str:
    """Put a fragment into the smallest bootstrap, the way docs/own-envoy.md says."""
    parts = yaml.safe_load(text)
    listener = {
        "name": "theirs",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 8080}},
        "filter_chains": [{"filters": [parts["network_filter"]]}],
    }
    return yaml.safe_dump(
        {
            "node": {"id": "theirs", "cluster": "theirs"},
            "static_resources": {"listeners": [listener], "clusters": parts["clusters"]},
        }
    )


LOCAL = {"upstream": Upstream("127.0.0.1", 9000, tls=False), "envoy_admin": "127.0.0.1:9901"}

RENDERINGS = {
    "committed": (ENVOY / "bootstrap.yaml").read_text,
    "committed fragment": lambda: as_bootstrap((ENVOY / "fragment.yaml").read_text()),
    "quickstart": lambda: render(settings(**LOCAL, jwks_uri="http://127.0.0.1:9001/jwks")),
    "local jwks, no admin": lambda: render(
        settings(**LOCAL, jwks_uri=None, jwks_file="/run/phigate/jwks.json", admin_listen=None)
    ),
    "upstream by address": lambda: render(settings(upstream=Upstream("192.0.2.7", 8443))),
    "localhost": lambda: render(settings(upstream=Upstream.from_url("http://localhost:9000"), listen="localhost:8080")),
}


@needs_envoy
@pytest.mark.parametrize("which", RENDERINGS)
def test_envoy_accepts_every_rendering(which, tmp_path):
    """`envoy --mode validate` accepts it, and the lint finds nothing."""
    text = RENDERINGS[which]()
    assert lint(text) == []
    self_signed(tmp_path)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "anthropic-key.yaml").write_text(render_secret("sk-test"))
    key = ECKey.generate_key("P-256", {"kid": "k"})
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    # Sockets stay where they are: nothing binds them here, and a long temporary directory would be over the limit.
    for name in ("tls", "secrets", "jwks.json"):
        text = text.replace(f"/run/phigate/{name}", str(tmp_path / name))
    moved = text.replace(SYSTEM_CA, str(tmp_path / "tls" / "tls.crt"))
    (tmp_path / "envoy.yaml").write_text(moved)
    done = subprocess.run(
        [envoy_binary(), "--mode", "validate", "-l", "warning", "-c", str(tmp_path / "envoy.yaml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-1500:]


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        ({"listen": "0.0.0.0:8080"}, "listen"),
        ({"admin_listen": "[::]:8081"}, "admin_listen"),
        ({"listen": "gateway:8080"}, "listen"),
        ({"listen": "8080"}, "listen"),
        ({"tls_cert_file": "/c"}, "tls_cert_file"),
        ({"envoy_admin": "0.0.0.0:9901"}, "envoy_admin"),
        ({"envoy_admin": "/" + "a" * 120}, "envoy_admin"),
        ({"workers": ()}, "workers"),
        ({"workers": ("/" + "a" * 120,)}, "workers"),
        ({"workers": ("w0.sock",)}, "workers"),
        ({"workers": ("/w0", "/w0")}, "workers"),
        ({"jwks_uri": None}, "jwks_file"),
        ({"jwks_file": "/j"}, "jwks_file"),
        ({"jwks_uri": "http://idp.example/jwks"}, "jwks_uri"),
        ({"jwks_uri": "https://u:p@idp.example/jwks"}, "jwks_uri"),
        ({"issuer": ""}, "issuer"),
        ({"audience": ""}, "audience"),
        ({"secret_file": "/run/phigate/secrets/key"}, "secret_file"),
        ({"secret_dir": "/elsewhere"}, "secret_dir"),
        ({"upstream": Upstream("simulator", 80, tls=False)}, "upstream"),
        ({"tenant_claim": "a)%"}, "tenant_claim"),
        ({"stream_idle_seconds": 60}, "stream_idle_seconds"),
        ({"keepalive_interval": 2}, "keepalive_interval"),
        ({"max_heap_bytes": 1}, "max_heap_bytes"),
    ],
)
def test_unsafe_settings_are_refused(overrides, key):
    """Plaintext to other machines, paths Envoy refuses and settings that cut holds are one ConfigError with the key."""
    with pytest.raises(ConfigError) as caught:
        settings(**overrides)
    assert any(problem.startswith(key) for problem in caught.value.problems)


def test_tls_opens_other_addresses():
    """With a certificate any address may be bound, and the listener then speaks TLS."""
    text = render(settings(listen="0.0.0.0:8443", tls_cert_file="/c.pem", tls_key_file="/k.pem"))
    listener = yaml.safe_load(text)["static_resources"]["listeners"][0]
    assert listener["filter_chains"][0]["transport_socket"]["name"] == "envoy.transport_sockets.tls"


@pytest.mark.parametrize("url", ["ftp://a", "https://a/path", "https://u@a", "https://a?x=1", "a", "https://a:99999"])
def test_upstream_urls_are_bare(url):
    """An upstream is a scheme, a host and a port."""
    with pytest.raises(ConfigError):
        Upstream.from_url(url)


def manager(document, listener=0):
    return document["static_resources"]["listeners"][listener]["filter_chains"][0]["filters"][0]["typed_config"]


def filters(document):
    return {each["name"]: each["typed_config"] for each in manager(document)["http_filters"]}


def test_the_facts_that_must_not_change(rendered):
    """Modes, closing on failure, order of filters, exact routes and no credential in the document."""
    chain = [each["name"].rpartition(".")[2] for each in manager(rendered)["http_filters"]]
    assert chain == [
        "request_id",
        "jwt_authn",
        "endpoints",
        "ext_authz",
        "ext_proc",
        "gate",
        "credential_injector",
        "router",
    ]
    processor = filters(rendered)["envoy.filters.http.ext_proc"]
    assert set(processor["processing_mode"].values()) == {"SEND", "FULL_DUPLEX_STREAMED"}
    assert len(processor["processing_mode"]) == 6
    assert "failure_mode_allow" not in processor
    assert processor["status_on_error"] == {"code": "ServiceUnavailable"}
    assert "sk-" not in render(settings())
    routes = manager(rendered)["route_config"]["virtual_hosts"][0]["routes"]
    assert [route["name"] for route in routes] == [
        "POST /v1/messages",
        "POST /v1/messages/count_tokens",
        "GET /v1/models",
        "GET /v1/models/{id}",
        "unknown",
    ]
    assert all(route["route"]["timeout"] == "0s" for route in routes[:-1])
    assert [route["match"].get("path") for route in routes[:-2]] == [
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1/models",
    ]
    assert routes[-2]["match"]["safe_regex"] == {"regex": "/v1/models/[A-Za-z0-9][A-Za-z0-9._-]*"}
    assert routes[-1]["direct_response"] == {"status": 404}


def names(document, name):
    return next(index for index, each in enumerate(manager(document)["http_filters"]) if each["name"].endswith(name))


def change(name, **values):
    def apply(document):
        config = manager(document)["http_filters"][names(document, name)]["typed_config"]
        config.update(values)

    return apply


def drop(name):
    def apply(document):
        del manager(document)["http_filters"][names(document, name)]

    return apply


def move(name, to):
    def apply(document):
        chain = manager(document)["http_filters"]
        chain.insert(to, chain.pop(names(document, name)))

    return apply


def insert(name, at):
    def apply(document):
        manager(document)["http_filters"].insert(at, {"name": name, "typed_config": {"@type": f"x/{name}"}})

    return apply


def on_route(setting):
    def apply(document):
        manager(document)["route_config"]["virtual_hosts"][0]["routes"][0].update(setting)

    return apply


def on_gate(edit):
    def apply(document):
        edit(manager(document)["http_filters"][names(document, "phigate.gate")]["typed_config"]["rules"])

    return apply


def per_route(name, **values):
    return on_route({"typed_per_filter_config": {name: values}})


def mode(**values):
    def apply(document):
        filters(document)["envoy.filters.http.ext_proc"]["processing_mode"].update(values)

    return apply


def rename_cluster(document):
    for cluster in document["static_resources"]["clusters"]:
        if cluster["name"] == "ext_proc":
            cluster["name"] = "ext-proc"


def second_way(document):
    listener = copy.deepcopy(document["static_resources"]["listeners"][0])
    document["static_resources"]["listeners"].append(listener)
    config = listener["filter_chains"][0]["filters"][0]["typed_config"]
    config["http_filters"] = [config["http_filters"][1], config["http_filters"][-1]]


EXT_PROC = "envoy.filters.http.ext_proc"

UNSAFE = {
    "ext_proc cluster misspelt": (rename_cluster, "does not exist"),
    "ext_proc fails open": (change("ext_proc", failure_mode_allow=True), "failure_mode_allow"),
    "ext_proc fails open, camel case": (change("ext_proc", failureModeAllow=True), "failure_mode_allow"),
    "ext_authz fails open": (change("ext_authz", failure_mode_allow=True), "failure_mode_allow"),
    "ext_authz shadow": (change("ext_authz", shadow_mode=True), "shadow_mode"),
    "ext_authz sometimes": (change("ext_authz", filter_enabled={"default_value": {}}), "filter_enabled"),
    "no service": (change("ext_proc", grpc_service={}), "no envoy_grpc"),
    "no gate": (drop("phigate.gate"), "no rbac gate"),
    "gate before ext_proc": (move("phigate.gate", 3), "no rbac gate"),
    "gate allows all": (on_gate(lambda rules: rules["policies"].update(a={"permissions": [{"any": True}]})), "gate"),
    "gate denies": (on_gate(lambda rules: rules.update(action="DENY")), "no rbac gate"),
    "gate only logs": (on_gate(lambda rules: rules.update(action="LOG")), "no rbac gate"),
    "gate empty": (on_gate(lambda rules: rules.update(policies={})), "no rbac gate"),
    "key before gate": (move("credential_injector", 4), "injected before the gate"),
    "no jwt_authn": (drop("jwt_authn"), "jwt_authn is missing"),
    "no ext_authz": (drop("ext_authz"), "ext_authz is missing"),
    "ext_authz behind": (move("ext_authz", 5), "behind ext_proc"),
    "ext_authz first": (move("ext_authz", 0), "before jwt_authn"),
    "no ext_proc": (drop("ext_proc"), "nothing is inspected"),
    "lua behind": (insert("lua", 6), "stands behind ext_proc"),
    "router not last": (insert("lua", 8), "not the router"),
    "route disables ext_proc": (per_route(EXT_PROC, disabled=True), "turns off"),
    "route overrides ext_proc": (per_route(EXT_PROC, overrides={}), "turns off"),
    "route disables gate": (per_route("phigate.gate", rbac={}), "turns off"),
    "route disables ext_authz": (
        per_route("envoy.filters.http.ext_authz", **{"@type": "x/a.ExtAuthzPerRoute", "disabled": True}),
        "turns off",
    ),
    "host skips jwt": (
        lambda document: manager(document)["route_config"]["virtual_hosts"][0]["typed_per_filter_config"].update(
            {"envoy.filters.http.jwt_authn": {"disabled": True}}
        ),
        "turns off",
    ),
    "filter disabled": (lambda document: manager(document)["http_filters"][4].update(disabled=True), "disabled"),
    "filter optional": (lambda document: manager(document)["http_filters"][4].update(is_optional=True), "optional"),
    "filter from ECDS": (lambda document: manager(document)["http_filters"][4].update(config_discovery={}), "ECDS"),
    "routes from RDS": (lambda document: manager(document).update(rds={}), "RDS"),
    "buffered partial": (mode(request_body_mode="BUFFERED_PARTIAL"), "request_body_mode"),
    "response unseen": (mode(response_body_mode="NONE"), "response_body_mode"),
    "trailers skipped": (mode(request_trailer_mode="SKIP"), "request_trailer_mode"),
    "headers skipped": (mode(response_header_mode="SKIP"), "response_header_mode"),
    "mode override": (change("ext_proc", allow_mode_override=True), "allow_mode_override"),
    "observability": (change("ext_proc", observability_mode=True), "observability_mode"),
    "content-length": (change("ext_proc", allow_content_length_header=True), "allow_content_length_header"),
    "metadata not received": (change("ext_proc", metadata_options={}), "metadata namespace"),
    "upgrades": (lambda document: manager(document).update(upgrade_configs=[{"upgrade_type": "websocket"}]), "upgrade"),
    "mirror": (
        lambda document: manager(document)["route_config"]["virtual_hosts"][0]["routes"][0]["route"].update(
            request_mirror_policies=[{"cluster": "x"}]
        ),
        "request_mirror_policies",
    ),
    "a way around": (second_way, "without ext_proc"),
}


@pytest.mark.parametrize("which", UNSAFE)
def test_lint_refuses_what_fails_open(which, rendered):
    """Each edit that Envoy would accept and that lets something pass unchecked is named."""
    edit, words = UNSAFE[which]
    document = copy.deepcopy(rendered)
    edit(document)
    problems = lint(document)
    assert any(words in problem for problem in problems), problems


@pytest.mark.parametrize("text", ["", "[]", "a: [", "static_resources: {}", "static_resources:"])
def test_lint_refuses_what_is_no_bootstrap(text):
    """Nothing, something else, or broken YAML is a problem and not a crash."""
    assert lint(text)


def test_check_ends_with_one_for_an_unsafe_file(tmp_path, rendered):
    """`phigate bootstrap --check` prints each problem and its exit code says so."""
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(yaml.safe_dump(rendered))
    document = copy.deepcopy(rendered)
    rename_cluster(document)
    bad.write_text(yaml.safe_dump(document))
    assert CliRunner().invoke(command, ["--check", str(good)]).exit_code == 0
    done = CliRunner().invoke(command, ["--check", str(bad)])
    assert done.exit_code == 1
    assert "does not exist" in done.output
