"""The log key inside a hardware module, through PKCS#11 v3.0 (mechanism CKM_EDDSA). Needs the extra `huizhi[hsm]`."""

from __future__ import annotations

import functools
import importlib
import os
from dataclasses import dataclass, field
from typing import Any

from bot.errors import Misconfigured

# PKCS#11 v3.0 section 2.3.10: EC_PARAMS may be a PrintableString with the curve's name; SoftHSM 2.6 takes only that.
_EDWARDS25519 = b"\x13\x0cedwards25519"
_RAW = 32


@dataclass(frozen=True, slots=True)
class Module:
    """Where the key is: path of the vendor's library, token label, key label, PIN."""

    library: str
    token: str
    label: str
    pin: str = field(repr=False)

    @classmethod
    def parse(cls, text: str, pin: str) -> Module:
        """From "module path,token label,key label"; Misconfigured otherwise."""
        words = [word.strip() for word in text.split(",")]
        if len(words) != 3 or not all(words):
            raise Misconfigured(
                "HUIZHI_PKCS11 应为“模块路径,令牌名,密钥名”。"
                " HUIZHI_PKCS11 must be: module path, token label, key label, separated by commas."
            )
        return cls(words[0], words[1], words[2], pin)


@dataclass(frozen=True, slots=True)
class ModuleSigner:
    """The log key of one epoch: epoch 1 is labelled `<label>`, epoch n `<label>-<n>`. Opened when first needed."""

    module: Module
    epoch: int

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes. Misconfigured when the module cannot be used."""
        return _opened(self.module, self._label, os.getpid())[1]

    def sign(self, data: bytes, /) -> bytes:
        """The 64-byte signature. Misconfigured when the module refuses."""
        pkcs11: Any = importlib.import_module("pkcs11")
        private = _opened(self.module, self._label, os.getpid())[0]
        try:
            return bytes(private.sign(data, mechanism=pkcs11.Mechanism.EDDSA))
        except pkcs11.exceptions.PKCS11Error as error:
            _opened.cache_clear()  # the session is gone; the next call opens a new one
            _session.cache_clear()
            raise _refusal(self.module, error) from error

    @property
    def _label(self) -> str:
        return self.module.label if self.epoch == 1 else f"{self.module.label}-{self.epoch}"


@functools.lru_cache(maxsize=8)
def _opened(module: Module, label: str, _process: int) -> tuple[Any, bytes]:
    """(private key handle, raw public key); the pair is generated when the token has none of that label.

    Per process: PKCS#11 sessions do not survive a fork.
    """
    pkcs11: Any = _library()
    kinds = pkcs11.ObjectClass
    try:
        session = _session(module, _process)
        found = list(session.get_objects({pkcs11.Attribute.LABEL: label, pkcs11.Attribute.CLASS: kinds.PRIVATE_KEY}))
        if not found:
            _generate(pkcs11, session, label)
        private = session.get_key(object_class=kinds.PRIVATE_KEY, label=label)
        public = session.get_key(object_class=kinds.PUBLIC_KEY, label=label)
        # EC_POINT is a DER OCTET STRING around the raw key.
        return private, bytes(public[pkcs11.Attribute.EC_POINT])[-_RAW:]
    except (pkcs11.exceptions.PKCS11Error, OSError, RuntimeError) as error:
        raise _refusal(module, error) from error


@functools.lru_cache(maxsize=4)
def _session(module: Module, _process: int) -> Any:
    # One login per process: a second one would fail with CKR_USER_ALREADY_LOGGED_IN.
    pkcs11: Any = _library()
    return pkcs11.lib(module.library).get_token(token_label=module.token).open(user_pin=module.pin, rw=True)


def _generate(pkcs11: Any, session: Any, label: str) -> None:
    domain = session.create_domain_parameters(
        pkcs11.KeyType.EC_EDWARDS, {pkcs11.Attribute.EC_PARAMS: _EDWARDS25519}, local=True
    )
    secret = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
    domain.generate_keypair(
        mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=label, private_template=secret
    )


def _library() -> Any:
    try:
        return importlib.import_module("pkcs11")
    except ImportError as error:
        raise Misconfigured(
            "设置了 HUIZHI_PKCS11，但没有安装 huizhi[hsm]。"
            " HUIZHI_PKCS11 is set but the extra huizhi[hsm] is not installed."
        ) from error


def _refusal(module: Module, error: Exception) -> Misconfigured:
    return Misconfigured(
        f"硬件密钥模块 {module.library}（令牌 {module.token}）不可用：{type(error).__name__}。"
        "请检查 HUIZHI_PKCS11、HUIZHI_PKCS11_PIN 与设备。"
        f" The hardware module cannot be used ({type(error).__name__}); check HUIZHI_PKCS11, its PIN and the device."
    )
