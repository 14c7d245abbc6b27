"""Settings of absence cases: the clause a return-to-work notice cites, and how large a proof may be."""

from __future__ import annotations

from config.setting import Setting

ATTENDANCE_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "HUIZHI_ATTENDANCE_CLAUSE",
        "attendance_clause",
        "The clause of the firm's attendance policy that a return-to-work notice cites, word for word. Without it a"
        " drafted notice says so and cannot be approved.",
        "考勤制度|v4|第12条|收到返岗通知后连续三个工作日无正当理由未到岗，属于严重违反规章制度",
        "policy|version|clause number|its words, none of them empty",
    ),
    Setting(
        "HUIZHI_CASE_FILE_MB",
        "case_file_mb",
        "Largest proof (photo of a police record, PDF) that may be added to an absence case, in MB.",
        "5",
        "1 to 10",
        "5",
    ),
)
