"""Settings of the evidence log: trusted time, witnesses, who gets the daily line, where the log key lives."""

from __future__ import annotations

from config.setting import Setting

EVIDENCE_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "HUIZHI_TSA",
        "tsa",
        "Time-stamping authorities (RFC 3161) that stamp checkpoints; one or two. Empty: no trusted time, and every"
        " report says so.",
        "tsa1=https://tsa.example.cn/tsr,tsa2=https://stamp.example.com",
        "name=address, separated by commas; names of lower-case letters and digits",
    ),
    Setting(
        "HUIZHI_TSA_ROOTS",
        "tsa_roots",
        "File with the root certificates (PEM) of these authorities; a token they do not vouch for is refused.",
        "/etc/huizhi/tsa-roots.pem",
        "a file path; needed with HUIZHI_TSA",
    ),
    Setting(
        "HUIZHI_CHECKPOINT_TO",
        "checkpoint_to",
        "Who gets the daily checkpoint line in chat: HR, a manager and a staff representative, so that copies exist"
        " outside the firm's own database.",
        "wecom:wang,wecom:li,wecom:sun",
        "platform:userid, separated by commas",
    ),
    Setting(
        "HUIZHI_CHECKPOINT_CHATS",
        "checkpoint_chats",
        "Group chats that get the daily checkpoint line as well: HR, managers, staff representatives. WeCom: the chatid"
        " of a group the app made (appchat/create); DingTalk: the openConversationId of a group the robot is in.",
        "wecom:hrgroup,dingtalk:cidXyz012==",
        "platform:group, separated by commas",
    ),
    Setting(
        "HUIZHI_WITNESSES",
        "witnesses",
        "Keys of third parties (union, counsel) that cosign checkpoints with `huizhi witness`.",
        "union.example/witness+1a2b3c4d+BA…",
        "verifier keys as `huizhi witness init` prints them, separated by spaces",
    ),
    Setting(
        "HUIZHI_PKCS11",
        "pkcs11",
        "Keep the log key in a hardware module instead of a file. The PIN comes from HUIZHI_PKCS11_PIN.",
        "/usr/lib/softhsm/libsofthsm2.so,huizhi,log",
        "module path, token label and key label, separated by commas",
    ),
    Setting(
        "HUIZHI_PKCS11_PIN",
        "pkcs11_pin",
        "PIN of that module.",
        "given by whoever keeps the module",
        "any text",
        secret=True,
    ),
)
