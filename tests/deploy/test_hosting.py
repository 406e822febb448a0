"""The files that put the page on a server, and nginx with them in front of the page."""

from __future__ import annotations

import gzip
import re
import shutil
import ssl
import subprocess
import sys
import tomllib
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from semseg.batch import cluster
from semseg.page.limits import Limits
from tests.support import hosting
from tests.support.hosting import MAX_UPLOAD_MB
from tests.support.paths import ROOT
from tests.support.server import ask, until

pytestmark = pytest.mark.slow  # two servers behind nginx

UPLOAD = "/_stcore/upload_file/session/file"
STREAM = "/_stcore/stream"


def tool(name: str) -> str:
    """A linter of requirements-dev.txt; skips where it cannot be installed, but never in CI."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}")
    if found is None and sys.platform == "linux":
        pytest.fail(f"{name} was not found; it comes with requirements-dev.txt")
    return found or pytest.skip(f"{name} is not installed on {sys.platform}")


def variables(path: str) -> set[str]:
    return set(re.findall(r"\$\{(SEMSEG_\w+)\}", (ROOT / path).read_text("utf-8")))


def settings(text: str) -> set[str]:
    """Variables of semseg that a compose file sets in a container."""
    return set(re.findall(r"^ +(SEMSEG_\w+):", text, flags=re.M))


# The files


def test_the_dockerfile_is_clean():
    done = subprocess.run(
        [tool("hadolint"), str(ROOT / "Dockerfile")], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", ["compose.yaml", "compose.tls.yaml"])
def test_the_compose_files_follow_the_specification(name):
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(ROOT / name)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_all_that_is_copied_is_there_and_sent_to_docker():
    copied = [source for sources, _ in hosting.copies() for source in sources]
    assert "semseg" in copied
    for source in copied:
        assert (ROOT / source).exists()
        inside = source if (ROOT / source).is_file() else f"{source}/any.py"
        assert hosting.is_sent(inside), source


@pytest.mark.parametrize(
    "path",
    [".git/config", ".streamlit/secrets.toml", ".venv/bin/python", "tests/hosting.py", ".env"],
)
def test_nothing_else_is_sent_to_docker(path):
    assert not hosting.is_sent(path)


def test_compose_gives_nginx_all_that_its_templates_ask_for():
    nginx = (ROOT / "compose.yaml").read_text("utf-8").split("\n  nginx:\n")[1]
    assert settings(nginx) == variables("deploy/nginx.conf.template")
    tls = (ROOT / "compose.tls.yaml").read_text("utf-8")
    assert settings(tls) == variables("deploy/tls.conf.template")


def test_compose_sets_and_the_manual_tells_every_limit():
    names = {f"SEMSEG_{field.name.upper()}" for field in fields(Limits)}
    pages = (ROOT / "compose.yaml").read_text("utf-8").split("\nservices:\n")[0]
    assert settings(pages) == names
    manual = (ROOT / "docs/hosting.md").read_text("utf-8")
    for name in names | settings((ROOT / "compose.yaml").read_text("utf-8")):
        assert f"`{name}`" in manual or name.startswith("SEMSEG_REPLICA"), name


def test_the_limits_for_a_community_host_are_limits_that_the_page_knows():
    text = (ROOT / "deploy/community_cloud.toml").read_text("utf-8")
    given = {name: str(value) for name, value in tomllib.loads(text).items()}
    assert given.keys() == {f"SEMSEG_{field.name.upper()}" for field in fields(Limits)}
    assert Limits.from_environment(given).concurrent == 1


def test_compose_refuses_to_start_without_a_cookie_secret():
    lines = (ROOT / "compose.yaml").read_text("utf-8").splitlines()
    (line,) = (each for each in lines if each.strip().startswith("STREAMLIT_SERVER_COOKIE_SECRET"))
    assert "${STREAMLIT_SERVER_COOKIE_SECRET:?" in line


def dask_variables(ours):
    """As what Dask reads its settings of that name from."""
    return {
        f"DASK_{name.replace('.', '__').replace('-', '_').upper()}": str(value)
        for name, value in ours.items()
    }


def test_whoever_starts_a_scheduler_has_the_settings_of_a_run_without_one():
    ours = dask_variables(cluster._OURS)
    scheduler = {name: value for name, value in ours.items() if "__SCHEDULER__" in name}
    assert len(scheduler) == 2
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    assert {n: str(v) for n, v in services["scheduler"]["environment"].items()} == scheduler
    of_dask, _ = yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text("utf-8"))
    (container,) = of_dask["spec"]["scheduler"]["spec"]["containers"]
    assert {each["name"]: each["value"] for each in container["env"]} == scheduler
    # that of memory needs none: there is no limit but the container's
    profile = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
    assert profile.items() <= ours.items()
    assert services["worker"]["environment"] == profile
    (container,) = of_dask["spec"]["worker"]["spec"]["containers"]
    assert {each["name"]: each["value"] for each in container["env"]} == profile
    manual = (ROOT / "docs/scale.md").read_text("utf-8")
    for name, value in ours.items():
        assert manual.count(f"{name}={value}") == 2, name  # by hand, and for SLURM


def test_what_is_for_many_pictures_is_started_only_where_it_is_asked_for():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    asked_for = {name for name, each in services.items() if each.get("profiles")}
    assert asked_for == {"scheduler", "worker", "batch"}
    for name in asked_for:
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["networks"] == ["batch"]
        assert "ports" not in services[name]  # whoever reaches one can run programs


def test_nothing_on_kubernetes_is_root_or_can_write_but_where_it_must():
    of_dask, job = yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text("utf-8"))
    pods = [of_dask["spec"][part]["spec"] for part in ("scheduler", "worker")]
    for pod in (*pods, job["spec"]["template"]["spec"]):
        (container,) = pod["containers"]
        shut = container["securityContext"]
        assert shut["readOnlyRootFilesystem"]
        assert shut["runAsNonRoot"]
        assert shut["capabilities"] == {"drop": ["ALL"]}
        mounted = {each["name"] for each in container["volumeMounts"]}
        assert mounted == {each["name"] for each in pod["volumes"]}


def test_the_image_has_exact_versions_of_all_that_it_needs():
    text = (ROOT / "deploy/constraints.txt").read_text("utf-8")
    pinned = {name.lower() for name in re.findall(r"^([\w.-]+)==[\w.]+$", text, flags=re.M)}
    files = ("requirements.txt", "requirements-batch.txt")
    needed = "".join((ROOT / name).read_text("utf-8") for name in files)
    names = {name.lower() for name in re.findall(r"^(\w[\w.-]*)", needed, flags=re.M)}
    assert len(names) > 10
    assert names <= pinned


# Behind nginx


@pytest.fixture(scope="module")
def replica(tmp_path_factory):
    hosting.nginx_program()
    folder = hosting.make_image_folder(tmp_path_factory.mktemp("host") / "image")
    replica = hosting.Replica(folder, number=0)
    replica.start()
    yield replica
    replica.stop()


@pytest.fixture(scope="module")
def host(replica):
    with hosting.nginx([replica]) as server:
        yield server


@pytest.fixture(scope="module")
def secure_host(replica, tmp_path_factory):
    """The same with HTTPS, and with a certificate of its own making."""
    folder = tmp_path_factory.mktemp("certificates")
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-nodes", "-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem"]
    subprocess.run([*make, *names, *files], check=True, capture_output=True)
    with hosting.nginx([replica], certificates=folder) as server:
        server.trusted = ssl.create_default_context(cafile=f"{folder}/fullchain.pem")
        yield server


STRICT = {
    "content-security-policy": "frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/_stcore/health", 200), ("/favicon.png", 200), ("/_stcore/metrics", 404)],
)
def test_strict_headers_stand_on_every_answer(host, path, status):
    answer, headers, _ = ask(host.url + path)
    assert answer == status
    for name, value in STRICT.items():
        assert value in headers[name]
    assert headers["server"] == "nginx"
    assert "strict-transport-security" not in headers  # which plain HTTP must not send


def test_the_policy_lets_nothing_be_evaluated_or_come_from_elsewhere(host):
    policy = ask(host.url)[1]["content-security-policy"]
    scripts = re.search(r"script-src ([^;]*)", policy)[1]
    assert "default-src 'none'" in policy
    assert "unsafe" not in scripts
    assert "http" not in policy
    assert "*" not in policy


def test_what_no_page_needs_is_closed(host):
    for path in ("agent/openapi.json", "agent/mcp", "metrics", "script-health-check"):
        assert ask(f"{host.url}/_stcore/{path}")[0] == 404


def test_nginx_refuses_an_upload_that_is_too_large(host, replica):
    before = replica.log.read_text("utf-8")
    status, headers, body = ask(host.url + UPLOAD, "PUT", bytes(MAX_UPLOAD_MB * 2**20 + 1))
    assert status == 413
    assert b"nginx" in body
    assert headers["x-content-type-options"] == "nosniff"
    assert ask(host.url + "/", "POST", bytes(100_000))[0] == 413
    assert replica.log.read_text("utf-8") == before


def test_an_upload_without_a_token_is_refused_by_streamlit(host):
    status, _, body = ask(host.url + UPLOAD, "PUT", b"x")
    assert (status, b"XSRF" in body) == (403, True)


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://127.0.0.1"])
def test_other_pages_can_neither_listen_nor_upload(host, origin):
    assert ask(host.url + UPLOAD, "PUT", b"x", {"Origin": origin})[0] == 403
    with pytest.raises(InvalidStatus) as refused, _listen(host, origin):
        pass
    assert refused.value.response.status_code == 403


def test_streamlit_itself_refuses_other_pages(replica):
    with pytest.raises(InvalidStatus) as refused, _listen(replica, "https://elsewhere.example"):
        pass
    assert refused.value.response.status_code == 403


def _listen(server, origin: str | None = None, **how):
    url = server.url.replace("http", "ws", 1) + STREAM
    return connect(url, origin=origin or server.url, subprotocols=["streamlit"], **how)


def test_a_websocket_says_in_a_cookie_which_replica_answers(host):
    with _listen(host) as socket:
        assert socket.response.headers["Set-Cookie"] == (
            "semseg_replica=1; Path=/; HttpOnly; SameSite=Lax"
        )


@pytest.mark.parametrize("cookie", ["3", "2", "7", "../", "replica_1"])
def test_a_cookie_that_leads_nowhere_does_no_harm(host, cookie):
    headers = {"Cookie": f"semseg_replica={cookie}"}
    assert ask(host.url, headers=headers)[0] == 200
    with _listen(host, additional_headers=headers) as socket:
        assert socket.response.headers["Set-Cookie"].startswith("semseg_replica=1;")


def test_one_address_has_only_so_many_websockets(host):
    with ExitStack() as visitors:
        for _ in range(hosting.PEOPLE):
            visitors.enter_context(_listen(host))
        with pytest.raises(InvalidStatus) as refused:
            visitors.enter_context(_listen(host))
    assert refused.value.response.status_code == 429


def test_plotly_travels_compressed_and_is_kept_by_the_browser(host, replica):
    (file,) = replica.how["cwd"].glob("static/semseg-*/plotly.min.js")
    url = f"{host.url}/app/static/{file.parent.name}/{file.name}"
    status, headers, body = ask(url, headers={"Accept-Encoding": "gzip"})
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert gzip.decompress(body) == file.read_bytes()
    assert len(body) < file.stat().st_size / 2


def test_nginx_runs_as_nobody_and_logs_neither_addresses_nor_queries(host):
    ask(f"{host.url}/only-here?width=7520", headers={"User-Agent": "somebody's browser"})
    until(lambda: "only-here" in host.log.read_text("utf-8"), "a line in the log")
    (line,) = (each for each in host.log.read_text("utf-8").splitlines() if "only-here" in each)
    for private in ("7520", "browser", "client"):
        assert private not in line
    status = Path(f"/proc/{host.process.pid}/status").read_text("utf-8")
    assert re.search(r"^Uid:\s+(\d+)", status, flags=re.M)[1] != "0"


def test_https_is_announced_for_good_and_plain_http_sent_there(secure_host):
    status, headers, _ = ask(f"{secure_host.url}/?width=7520")
    assert (status, headers["location"]) == (308, "https://127.0.0.1/?width=7520")
    secure = f"https://127.0.0.1:{secure_host.tls_port}"
    status, headers, _ = ask(secure, trusted=secure_host.trusted)
    assert status == 200
    assert headers["strict-transport-security"] == "max-age=31536000"
    token = ask(f"{secure}/_stcore/health", trusted=secure_host.trusted)[1]["set-cookie"]
    assert re.search(r"^_streamlit_xsrf=.*; Secure", token)
    url = secure.replace("https", "wss") + STREAM
    with connect(url, origin=secure, ssl=secure_host.trusted, subprotocols=["streamlit"]) as socket:
        assert socket.response.headers["Set-Cookie"].endswith("; Secure")


def test_the_page_ends_when_it_is_told_to(replica):
    another = hosting.Replica(replica.how["cwd"], number=1)
    another.start()
    assert another.stop() == 0
