"""Settings of the systems in which goals move on: Jira, pushed values. Empty means: that source is not there."""

from __future__ import annotations

from config.setting import DINGTALK, SECRET_KEY_LENGTH, TEXT, URL, Setting

PROGRESS_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "HUIZHI_JIRA_BASE",
        "jira_base",
        "Jira's address, with its context path if it has one. Empty: no progress is read from Jira.",
        "https://example.atlassian.net",
        URL,
    ),
    Setting(
        "HUIZHI_JIRA_DEPLOYMENT",
        "jira_deployment",
        "`cloud` speaks REST v3 (search/jql), `server` (also Data Center) REST v2.",
        "cloud",
        "cloud | server",
        "cloud",
    ),
    Setting(
        "HUIZHI_JIRA_MAIL",
        "jira_mail",
        "E-mail address of the Jira account the API token belongs to; `server` does not need it.",
        "hr-bot@example.cn",
        "an e-mail address; needed with HUIZHI_JIRA_BASE on cloud",
    ),
    Setting(
        "HUIZHI_JIRA_TOKEN",
        "jira_token",
        "API token of that account (cloud), or a personal access token (server). Reading rights are enough.",
        "created in the account's security settings",
        f"{TEXT}; needed with HUIZHI_JIRA_BASE",
        secret=True,
    ),
    Setting(
        "HUIZHI_JIRA_POINTS_FIELD",
        "jira_points_field",
        "Id of the story points field: goals then add up points instead of counting issues. Empty: they count.",
        "customfield_10016",
        "customfield_ and digits, or empty",
    ),
    Setting(
        "HUIZHI_PROGRESS_SECRET",
        "progress_secret",
        "Signs the values other systems push to /progress/webhook. Empty: pushed values are refused.",
        "the output of: openssl rand -hex 32",
        f"at least {SECRET_KEY_LENGTH} characters, or empty",
        secret=True,
    ),
    Setting(
        "HUIZHI_PROGRESS_STALE_DAYS",
        "progress_stale_days",
        "Days after the source's own time within which a value counts. An older one is shown grey and never scored.",
        "10",
        "1 to 30",
        "10",
    ),
    Setting(
        "DINGTALK_PROJECT_USER",
        "dingtalk_project_user",
        "userId in whose name 钉钉项目 is read; must be a member of the projects. Empty: an administrator found in the"
        " directory.",
        "manager001",
        "a userId, or empty",
        group=DINGTALK,
    ),
)
