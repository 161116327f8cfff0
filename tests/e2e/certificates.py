# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made by openssl when they are needed and never kept."""
import dataclasses
import pathlib
import subprocess
import tempfile


@dataclasses.dataclass(frozen=True)
class Certificate:
    chain: str
    key: str

    @property
    def serial(self):
        """As `ssl.getpeercert()` writes it."""
        out = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=self.chain, text=True, capture_output=True, check=True)
        return out.stdout.strip().removeprefix("serial=")

    def files(self, folder):
        """(chain, key) as files."""
        chain, key = pathlib.Path(folder) / f"{self.serial}.crt", pathlib.Path(folder) / f"{self.serial}.key"
        chain.write_text(self.chain)
        key.write_text(self.key)
        return chain, key

    def ca_file(self, folder):
        path = pathlib.Path(folder) / f"ca-{self.serial}.crt"
        path.write_text(self.chain)
        return path


KEY_KINDS = {
    "ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    "rsa": ["rsa:2048"],
}


def issued(*names, by=None, kind="ecdsa", days=30, uris=(), authority=False):
    """A certificate for these names, the first of which is the common name too: DNS names as they are, and URIs. Signed by
    `by`, or by itself."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        key, chain = folder / "key", folder / "chain"
        alternatives = [f"DNS:{name}" for name in names] + [f"URI:{uri}" for uri in uris]
        command = ["openssl", "req", "-x509", "-newkey", *KEY_KINDS[kind], "-nodes", "-days", str(days), "-subj", f"/CN={names[0]}",
                   "-addext", "subjectAltName=" + ",".join(alternatives), "-keyout", key, "-out", chain]
        if not authority:
            command += ["-addext", "basicConstraints=critical,CA:FALSE"]
        if by:
            (folder / "ca").write_text(by.chain)
            (folder / "ca-key").write_text(by.key)
            command += ["-CA", folder / "ca", "-CAkey", folder / "ca-key"]
        subprocess.run(command, check=True, capture_output=True)
        return Certificate(chain.read_text(), key.read_text())


def self_signed(*names, kind="ecdsa", days=30):
    """A certificate for these DNS names that is its own authority."""
    return issued(*names, kind=kind, days=days, authority=True)


def authority(name):
    return issued(name, authority=True)
