"""Downloads against a server on this machine that breaks, lies, and serves web pages."""

import hashlib
import http.server
import shutil
import ssl
import subprocess
import threading

import pytest

from neurodecode.core.errors import DownloadError
from neurodecode.loaders import downloading
from neurodecode.loaders.downloading import download

BODY = bytes(range(256)) * 2000  # 512 kB
SHA = hashlib.sha256(BODY).hexdigest()
PAGE = b"<!DOCTYPE html><html>maintenance</html>"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Range")))
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        if self.path == "/missing.bin":
            self.send_error(404)
            return
        if self.path == "/forbidden.bin":
            self.send_error(403)
            return
        if self.path == "/stalls.bin":
            self._send(200, BODY, sent=1000)
            self.wfile.flush()
            self.server.free.wait(20)  # says nothing more, and keeps the connection open
            return
        if self.path.startswith("/page"):
            kind = "text/html" if self.path == "/page.bin" else "application/octet-stream"
            self._send(200, PAGE, kind)
            return
        if self.path == "/no-range.bin":
            start = 0
        body = BODY[start:]
        if self.path == "/breaks.bin" and start == 0:
            self._send(200, body, length=len(body), sent=200_000)
            return
        if self.path == "/always-breaks.bin":
            self._send(206 if start else 200, body, length=len(body), sent=1000)
            return
        self._send(206 if start else 200, body)

    def _send(self, status, body, kind="application/octet-stream", length=None, sent=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body if sent is None else body[:sent])

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    """Address of the server, and the list of what it was asked."""
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made.asked = []
    made.free = threading.Event()
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.free.set()
    made.shutdown()
    made.server_close()


@pytest.fixture
def base(server, monkeypatch):
    monkeypatch.setattr(downloading.time, "sleep", lambda seconds: None)
    monkeypatch.delenv(downloading.OFFLINE, raising=False)
    server.asked.clear()
    return f"http://127.0.0.1:{server.server_address[1]}"


def left_over(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_and_says_so_first(base, tmp_path, capsys):
    got = download(f"{base}/a.bin", tmp_path / "deep" / "a.bin", sha256=SHA, size=len(BODY))
    assert got.read_bytes() == BODY
    assert left_over(got.parent) == ["a.bin"]
    said = capsys.readouterr().err
    assert said.startswith("fetch  a.bin from 127.0.0.1:")
    assert "512 kB" in said
    assert str(got.parent) in said


def test_a_file_on_disk_never_asks_the_network(server, base, tmp_path, monkeypatch):
    (tmp_path / "a.bin").write_bytes(BODY)
    monkeypatch.setenv(downloading.OFFLINE, "1")
    assert download(f"{base}/a.bin", tmp_path / "a.bin", size=len(BODY)).read_bytes() == BODY
    assert server.asked == []


def test_a_file_of_another_size_is_fetched_again(base, tmp_path):
    (tmp_path / "a.bin").write_bytes(PAGE)
    assert download(f"{base}/a.bin", tmp_path / "a.bin", size=len(BODY)).read_bytes() == BODY


def test_a_broken_connection_goes_on_where_it_stopped(server, base, tmp_path):
    got = download(f"{base}/breaks.bin", tmp_path / "a.bin", sha256=SHA)
    assert got.read_bytes() == BODY
    assert server.asked == [("/breaks.bin", None), ("/breaks.bin", "bytes=200000-")]


def test_a_later_run_goes_on_where_a_killed_one_stopped(server, base, tmp_path):
    (tmp_path / ".a.bin.part").write_bytes(BODY[:300_000])
    assert download(f"{base}/a.bin", tmp_path / "a.bin", sha256=SHA).read_bytes() == BODY
    assert server.asked == [("/a.bin", "bytes=300000-")]


def test_without_a_checksum_a_part_of_unknown_origin_is_not_trusted(server, base, tmp_path):
    (tmp_path / ".a.bin.part").write_bytes(b"x" * 1000)
    assert download(f"{base}/a.bin", tmp_path / "a.bin").read_bytes() == BODY
    assert server.asked == [("/a.bin", None)]


def test_a_server_that_cannot_go_on_starts_anew(base, tmp_path):
    (tmp_path / ".a.bin.part").write_bytes(BODY[:300_000])
    assert download(f"{base}/no-range.bin", tmp_path / "a.bin", sha256=SHA).read_bytes() == BODY


def test_a_truncated_file_never_gets_its_name(base, tmp_path):
    with pytest.raises(DownloadError, match="connection broke after 3000 of 512000 bytes"):
        download(f"{base}/always-breaks.bin", tmp_path / "a.bin", sha256=SHA)
    assert left_over(tmp_path) == [".a.bin.part"]


@pytest.mark.parametrize("path", ["/page.bin", "/page-typed-as-data.bin"])
def test_a_web_page_is_not_data(base, tmp_path, path):
    with pytest.raises(DownloadError, match="a web page came instead of the file"):
        download(base + path, tmp_path / "a.bin")
    assert left_over(tmp_path) == []


def test_another_checksum_is_refused_and_nothing_stays(base, tmp_path):
    with pytest.raises(DownloadError, match=f"its sha256 is {SHA[:12]}"):
        download(f"{base}/a.bin", tmp_path / "a.bin", sha256="0" * 64)
    assert left_over(tmp_path) == []


def test_another_size_is_refused(base, tmp_path):
    with pytest.raises(DownloadError, match="512000 bytes are offered, 7 expected"):
        download(f"{base}/a.bin", tmp_path / "a.bin", size=7)


def test_first_bytes_must_be_those_of_the_kind(base, tmp_path):
    with pytest.raises(DownloadError, match=r"which no \.mat file does"):
        download(f"{base}/a.bin", tmp_path / "a.mat")


def test_the_next_mirror_is_tried(server, base, tmp_path):
    mirrors = [f"{base}/missing.bin", "http://127.0.0.1:9/a.bin", f"{base}/a.bin"]
    assert download(mirrors, tmp_path / "a.bin", sha256=SHA).read_bytes() == BODY
    assert [path for path, _ in server.asked] == ["/missing.bin", "/a.bin"]


def test_a_server_that_forbids_is_asked_once(server, base, tmp_path):
    with pytest.raises(DownloadError, match="the server answers 403"):
        download(f"{base}/forbidden.bin", tmp_path / "a.bin", size=len(BODY))
    assert [path for path, _ in server.asked] == ["/forbidden.bin"]
    assert left_over(tmp_path) == []


def test_a_server_that_stalls_is_left_after_the_time_out(base, tmp_path):
    with pytest.raises(DownloadError, match="timed out"):
        download(f"{base}/stalls.bin", tmp_path / "a.bin", sha256=SHA, timeout=0.2)
    assert left_over(tmp_path) == [".a.bin.part"]  # with a checksum a later run may go on


def test_a_file_that_does_not_fit_on_the_disk_is_not_begun(base, tmp_path, monkeypatch):
    few = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(downloading.shutil, "disk_usage", lambda place: few)
    with pytest.raises(DownloadError, match="do not fit on the disk"):
        download(f"{base}/a.bin", tmp_path / "a.bin")
    assert left_over(tmp_path) == []


def test_an_older_checksum_serves_too(server, base, tmp_path):
    md5 = hashlib.md5(BODY).hexdigest()
    (tmp_path / ".a.bin.part").write_bytes(BODY[:300_000])
    assert download(f"{base}/a.bin", tmp_path / "a.bin", md5=md5.upper()).read_bytes() == BODY
    assert server.asked == [("/a.bin", "bytes=300000-")]
    with pytest.raises(DownloadError, match="its md5 is"):
        download(f"{base}/a.bin", tmp_path / "b.bin", md5="0" * 32)


def test_when_all_mirrors_fail_each_reason_is_told(base, tmp_path):
    with pytest.raises(DownloadError) as error:
        download([f"{base}/missing.bin", f"{base}/page.bin"], tmp_path / "a.bin", size=512_000)
    assert "404" in error.value.found
    assert "web page" in error.value.found
    assert str(tmp_path / "a.bin") in error.value.fix


def test_the_offline_switch_names_the_place_and_the_address(server, base, tmp_path, monkeypatch):
    monkeypatch.setenv(downloading.OFFLINE, "1")
    with pytest.raises(DownloadError, match="switched off") as error:
        download(f"{base}/a.bin", tmp_path / "a.bin")
    assert f"{base}/a.bin" in error.value.fix
    assert str(tmp_path / "a.bin") in error.value.expected
    assert server.asked == []
    monkeypatch.setenv(downloading.OFFLINE, "0")
    assert download(f"{base}/a.bin", tmp_path / "a.bin").exists()


def test_other_schemes_are_refused(tmp_path):
    with pytest.raises(DownloadError, match="no address"):
        download("file:///etc/hostname", tmp_path / "a.bin")


def test_two_threads_fetch_one_file_once(server, base, tmp_path):
    threads = [
        threading.Thread(target=download, args=(f"{base}/a.bin", tmp_path / "a.bin"))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert len(server.asked) == 1


# ---------------------------------------------------------------------- encrypted connections
@pytest.fixture(scope="module")
def encrypted(tmp_path_factory):
    """A server behind https whose certificate nobody signed but itself, and that certificate."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "ca.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=x"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out"]
    subprocess.run(
        [openssl, *words.split(), *names, str(certificate)], check=True, capture_output=True
    )
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    made.socket = context.wrap_socket(made.socket, server_side=True)
    made.asked, made.shaken = [], []
    made.handle_error = lambda request, address: made.shaken.append(address)  # refused by us
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made, f"https://127.0.0.1:{made.server_address[1]}", certificate
    made.shutdown()
    made.server_close()


def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(
    encrypted, base, tmp_path, monkeypatch
):
    made, address, _ = encrypted
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(DownloadError, match="certificate cannot be verified") as caught:
        download(f"{address}/a.bin", tmp_path / "a.bin", sha256=SHA)
    assert "SSL_CERT_FILE=" in caught.value.fix and "self-signed" in caught.value.found
    assert left_over(tmp_path) == [] and made.asked == []
    with pytest.raises(DownloadError, match="SSL_CERT_FILE="):
        downloading.read_page(f"{address}/a.bin", "here")


def test_a_certificate_from_the_environment_is_trusted(encrypted, base, tmp_path, monkeypatch):
    _, address, certificate = encrypted
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert download(f"{address}/a.bin", tmp_path / "a.bin", sha256=SHA).read_bytes() == BODY
    assert downloading.read_page(f"{address}/a.bin", "here") == BODY


def test_https_is_not_left_for_http(encrypted, base, tmp_path, monkeypatch):
    _, address, certificate = encrypted
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(DownloadError, match="leads to plain http"):
        download(f"{address}/to/{base}/a.bin", tmp_path / "a.bin")
    assert download(f"{base}/to/{address}/a.bin", tmp_path / "a.bin").read_bytes() == BODY
