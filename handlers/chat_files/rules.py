"""What a file from the chat may be. Pure.

Signatures beyond bot.filetypes: AMR (RFC 4867, 5), Ogg (RFC 3533, 6), ISO base media (ISO/IEC 14496-12, 4.3), MP3 with
ID3v2 or without.
"""

from __future__ import annotations

from bot import filetypes
from bot.locale import t

KINDS = ("pdf", "png", "jpg", "jpeg", "gif", "docx", "xlsx", "pptx", "txt", "csv")
PICTURES = ("png", "jpg", "gif")
_SOUND = {"amr": "audio/amr", "ogg": "audio/ogg", "mp3": "audio/mpeg", "mp4": "video/mp4"}
_NAMES = {"image": "图片", "voice": "语音", "video": "视频", "file": "文件"}
NO_PICTURE = "这张图片的格式不能保存，请发 JPEG 或 PNG 图片"
NO_SOUND = "这段{kind}的格式不能保存，请把要说的打成文字，或发成文件"
TOO_BIG = "它超过 {most} MB"


def checked(kind: str, name: str, content: bytes, most: int) -> tuple[str, str]:
    """(name to keep, media type). `kind`: see bot.ports.files.KINDS; `most`: bytes. ValueError says what is wrong.

    Platforms name pictures and recordings by themselves, so there only the bytes count. A file has the name that its
    sender gave it, and must be what that says.
    """
    if len(content) > most:
        raise ValueError(t(TOO_BIG, most=most >> 20))
    if kind == "image":
        ending = next((each for each in PICTURES if filetypes.matches(each, content)), "")
        if not ending:
            raise ValueError(t(NO_PICTURE))
        return _under(ending, name, kind), filetypes.KINDS[ending]
    if kind in ("voice", "video"):
        ending = _sound(content)
        if not ending:
            raise ValueError(t(NO_SOUND, kind=spoken(kind)))
        return _under(ending, name, kind), _SOUND[ending]
    if "." not in filetypes.bare(name):  # its own words, where they say nothing of the kind
        name = _under(next((each for each in ("pdf", *PICTURES) if filetypes.matches(each, content)), ""), name, kind)
    return filetypes.checked(name, content, KINDS, most)


def spoken(kind: str) -> str:
    """图片, 语音, 视频 or 文件, in the language being spoken."""
    return {"image": t("图片"), "voice": t("语音"), "video": t("视频")}.get(kind, t("文件"))


def _under(ending: str, name: str, kind: str) -> str:
    stem = filetypes.bare(name).rsplit(".", 1)[0][: filetypes.LONGEST - 5] or _NAMES.get(kind, _NAMES["file"])
    return f"{stem}.{ending}" if ending else stem


def _sound(content: bytes) -> str:
    if content.startswith(b"#!AMR"):
        return "amr"
    if content.startswith(b"OggS"):
        return "ogg"
    if content[4:8] == b"ftyp":
        return "mp4"
    return "mp3" if content.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")) else ""
