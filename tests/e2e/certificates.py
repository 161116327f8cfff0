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

    def ca_file(self, folder):
        path = pathlib.Path(folder) / f"ca-{self.serial}.crt"
        path.write_text(self.chain)
        return path


KEY_KINDS = {
    "ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    "rsa": ["rsa:2048"],
}


def self_signed(*names, kind="ecdsa", days=30):
    """A certificate for these DNS names that is its own authority."""
    with tempfile.TemporaryDirectory() as folder:
        key, chain = pathlib.Path(folder) / "key", pathlib.Path(folder) / "chain"
        subprocess.run(["openssl", "req", "-x509", "-newkey", *KEY_KINDS[kind], "-nodes", "-days", str(days),
                        "-subj", f"/CN={names[0]}", "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
                        "-keyout", key, "-out", chain], check=True, capture_output=True)
        return Certificate(chain.read_text(), key.read_text())
