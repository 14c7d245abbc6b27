"use strict";
const WORDS = {
  zh: {
    sandbox: "沙盒", minute: " 分", set: "跳到", setClock: "设定时间", clock: "时钟", reset: "重新开始", faults: "制造故障", wire: "线上往来",
    clear: "清屏", punch: "打卡", punched: "已打卡", reply: "回复…", send: "发送", empty: "还没有消息", recalled: "消息已撤回", updated: "已更新",
    note: "说明（可不填）", failed: "没有成功", nobot: "机器人没有应答", armed: "已备好，将在下一次发生", quietWire: "还没有往来",
    expired_token: "令牌过期", rate_limit: "限流", drop_silently: "悄悄丢弃", slow: "变慢", http_500: "500 错误", duplicate_callback: "重复回调",
    reorder_callbacks: "回调乱序", invalid_user: "人员无效", flow_control: "个人流控", attendance_stale: "考勤滞后", no_permission: "没有权限", ip_untrusted: "IP 不可信", no_callback: "没有回调地址",
    hours: "今天的班次", rest: "休息", byRule: "按规则", people: "这家公司的人", wecom: "企业微信", dingtalk: "钉钉", held: "回调已扣住，等下一条",
    open: "打开", read: "已打开", letters: "短信/邮件", attach: "图片或文件", sms: "短信", mail: "邮件", lose: "丢一条",
    languageName: "English", fixed: "未设置时钟文件，时间不可移动",
  },
  en: {
    sandbox: "Sandbox", minute: " min", set: "Jump", setClock: "Set time", clock: "Clock", reset: "Start over", faults: "Break something", wire: "The wire",
    clear: "Clear", punch: "Punch", punched: "Punched", reply: "Reply…", send: "Send", empty: "No messages yet", recalled: "Message recalled", updated: "updated",
    note: "Note (optional)", failed: "That failed", nobot: "The bot did not answer", armed: "armed for the next time", quietWire: "Nothing yet",
    expired_token: "Expired token", rate_limit: "Rate limit", drop_silently: "Silent drop", slow: "Slow", http_500: "HTTP 500", duplicate_callback: "Duplicate callback",
    reorder_callbacks: "Reorder callbacks", invalid_user: "Invalid user", flow_control: "Flow control", attendance_stale: "Stale attendance", no_permission: "No permission", ip_untrusted: "IP not trusted", no_callback: "No callback URL",
    hours: "Hours today", rest: "Rest", byRule: "By the rule", people: "The people of this firm", wecom: "WeCom", dingtalk: "DingTalk",
    open: "Open", read: "opened", letters: "SMS / mail", attach: "picture or file", sms: "SMS", mail: "Mail", lose: "Lose one",
    held: "Callback held until the next one", languageName: "中文", fixed: "No clock file: time cannot be moved",
  },
};
