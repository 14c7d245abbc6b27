"""The words of everyday reasons, Chinese and English, with common typos and dialect. Pure patterns."""

from __future__ import annotations

import re

SHORT = 8
"""So many letters beside a time still make it an answer to 几点到的."""


def any_of(*parts: str) -> re.Pattern[str]:
    """One pattern that matches any of the parts, capitals or not."""
    return re.compile("|".join(parts), re.IGNORECASE)


_SIMPLE = str.maketrans(
    "補記遲請車馬門點鐘醫發燒機壞電腦沒會來過還個後員幫報難頭開時間網絡設備識別嗎裡裏處現場戶訪應該這邊兩誤說對給讓準無離職樓動剛總經診藥暈傷塊緊險災綁嚇殺斷",
    "补记迟请车马门点钟医发烧机坏电脑没会来过还个后员帮报难头开时间网络设备识别吗里里处现场户访应该这边两误说对给让准无离职楼动刚总经诊药晕伤块紧险灾绑吓杀断",
)

_DIALECT = (
    ("唔记得", "忘了"),
    ("唔舒服", "不舒服"),
    ("勿适意", "不舒服"),
    ("喺", "在"),
    ("冇", "没"),
    ("莫得", "没"),
    ("塞车", "堵车"),
    ("赌车", "堵车"),
    ("堵扯", "堵车"),
    ("旺打卡", "忘打卡"),
    ("忘大卡", "忘打卡"),
    ("请价", "请假"),
    ("请加", "请假"),
    ("俺", "我"),
    ("咱", "我"),
    ("’", "'"),
)


def plain(text: str) -> str:
    """Simplified characters, the common typos and dialect words as what they stand for."""
    text = text.translate(_SIMPLE)
    for word, meaning in _DIALECT:
        text = text.replace(word, meaning)
    return text


DEVICE = any_of(
    r"(?:打卡机|考勤机|考勤|刷卡机|门禁|卡机|机器|设备|手机|定位|网络|指纹|人脸|刷脸|wi-?fi|蓝牙|app|软件|"
    r"系统|打卡|二维码|扫码|钉钉|企业?微信|企微|屏幕|信号|程序).{0,8}?(?:坏|故障|失败|失效|不了(?!解)|打不上|"
    r"打不开|登不|进不去|没反应|没记录|没显示|没同步|没认|认不|不认|按不|修|破|没电|关机|不好使|不好用|异常|"
    r"报错|出错|卡住|卡死|卡死|闪退|崩溃|崩了|黑屏|死机|识别不|连不上|刷不|扫不|用不|不行|不灵|不动|不认|"
    r"有问题|出问题|不准|漂移|偏|失灵|没信号|断了|断网|罢工|抽风|瘫痪|维修|挂了|被偷)",
    r"(?:打不上(?!的?车)|刷不上|打不了(?!的?车)|刷不了|刷不出|扫不出|扫不上|识别不|录不进|整不了|"
    r"打不成)了?.{0,4}(?:卡|机|脸|指纹|来|$)|(?:打|刷)不(?:上|了|成)(?!的?车)|(?:破|烂|坏)机器|按不[上了出]|"
    r"没认出|没网|断网|停电|没信号|(?:手机|工牌|工卡|门禁卡|员工卡)(?:忘|没带|丢|落|不见|掉)|(?:忘|忘了|忘记|"
    r"没)带(?:手机|工牌|工卡|门禁卡|卡)|坏(?:了|掉)的?(?:打卡机|考勤机|机器)",
    r"\b(?:machine|device|scanner|reader|phone|app|gps|location|fingerprint|face (?:id|scan|recognition)|"
    r"network|internet|wi-?fi|clock|system|terminal|badge|battery|dingtalk|wecom|qr(?: code)?|server|"
    r"bluetooth|turnstile|kiosk).{0,24}?\b(?:broken|broke|down|dead|died|fail\w*|error|crash\w*|frozen|froze|"
    r"freez\w*|not work\w*|stuck|won'?t|isn'?t working|wasn'?t working|doesn'?t work|didn'?t work|(?:doesn'?t|"
    r"won'?t|can'?t|not) (?:recogni[sz]e|load|open|read|connect|respond|log|accept|scan)\w*|not respond\w*|"
    r"out of order|offline|wrong|lost|stolen|off|acting up|glitch\w*|rejected|at home|keeps \w+ing out)\b",
    r"\b(?:can'?t|cannot|couldn'?t|could not|unable to|not able to|won'?t let me|impossible to) (?:clock|"
    r"punch|check|badge|sign|scan|log)[ -]?(?:in)?\b",
    r"\b(?:forgot|left|lost) my (?:phone|badge|card)\b|\bno (?:signal|internet|network|wi-?fi|power)\b|"
    r"\bpower (?:cut|outage)\b|\bbroken (?:machine|scanner|reader|phone)\b",
)

FIELD = any_of(
    r"外勤|出差|客户|甲方|外出(?!差)|拜访|工地|(?<!祸)现场|跑业务|跑市场|跑渠道|出外|跑(?:一趟)?(?:税务|银行|"
    r"工商|政府|法院|厂家|甲方)|去.{2,5}(?:开会|参会|谈判|签约)|展会|展馆|在外面(?:办|开|谈|跑)|机场|高铁站|"
    r"火车站接|去(?:了)?(?:分公司|总部|总公司|工厂|厂里|银行|税务局?|政务|工商|法院|社保局|仓库)|在(?:分公司|"
    r"总部|总公司|仓库|供应商|门店巡)|巡店|送货|送样|上门(?:安装|服务|维修)?|供应商|外面见|外派|驻场|跑外面|"
    r"开庭|培训中心|参加.{0,6}(?:展|会议|论坛|培训)|验收|踏勘|勘察",
    r"\b(?:clients?(?:'s)?|customers?(?:'s)?|on[- ]?site|business trip|field(?: ?work)?|"
    r"travel(?:l?ing)? (?:to|for)|visiting|airport|out of (?:the )?office|expo|trade ?(?:show|fair)|"
    r"supplier'?s?|vendor'?s? (?:office|site|factory)|branch (?:office)?|headquarters|factory|warehouse|"
    r"conference|court|delivering|site visit|off-?site|tax (?:office|bureau)|at the bank)\b",
)

LEAVE = any_of(
    r"请(?:了)?(?:个|一|半|两|俩|几|[\d.]+)?(?:上午|下午|天|小时|个?小时|会儿)?的?(?:年|事|婚|产|丧|调休|"
    r"育儿)?假|请(?:个)?(?:一|半|两|几|[\d.]+)天|年假|年休|回老家|事假|调休|倒休|补休|休假|休息(?!室|一下|区)|"
    r"休(?:[一半两\d]天)|婚假|产假|丧假|陪产|育儿假|探亲|轮休|公休|有(?:点|急|私)?事.{0,6}(?:来不了|不去|不来|"
    r"去不了|来不成)|今[天儿](?:我)?(?:就)?不(?:来|去|过去|上)|不上班|来不了|去不了(?:公司|单位|店)|"
    r"家里有(?:点|急)?事|去世|过世|奔丧|葬礼|办丧事|没(?:有)?排班|今天没班|不是我的班|换班|调班|休班",
    r"\b(?:(?:on|annual|take|taking|took|ask(?:ing)? for|apply(?:ing)? for|applied for|paid|unpaid|personal|"
    r"parental|maternity|paternity|compassionate|casual|half[- ]day|half a day'?s?|my|requested|"
    r"approved) leave|leave (?:today|request|form|this (?:morning|afternoon)|approved|application)|^leave\W*$|"
    r"(?:day|days|morning|afternoon|half day|week) off|off (?:today|this)|time off|pto|vacation|on holiday|"
    r"annual|not coming|won'?t (?:be in|come in|make it)|can'?t (?:come|make it)|not (?:be )?in today|"
    r"rest day|day in lieu|swapped shifts?|funeral|comp(?:ensatory)? (?:day|time))\b",
)

ON_WAY = any_of(
    r"路上|路山|半路|堵车|堵着|堵死|堵得|堵在|堵惨|堵成|好堵|很堵|太堵|有点堵|全堵|大堵|马上(?:就)?[到来]|"
    r"快到|就到(?!了)|就来|这就[来去]|在赶|赶过|赶来|正赶|往(?:公司|单位|店里?|那边)?赶|地铁|公交|班车|轻轨|"
    r"晚点|晚到|晚一点|晚一会|晚个|要迟|会迟|迟到|迟少少|迟些|迟一点|要晚|睡过|睡过头|起晚|起迟|闹钟没|"
    r"没听[到见]闹钟|分钟(?:后|就|内|左右)?(?:能|可以)?到|小时(?:后|就|内|左右)?(?:能|可以)?到|停车|找车位|"
    r"打车|打不[到上]车|打车|叫车|堵住|被堵|等车|没赶上车|错过.{0,4}车|车坏|爆胎|抛锚|电梯|"
    r"一会儿?(?:就)?[到来]|待会儿?到|稍后到|稍晚|随后到|送(?:孩子|娃|小孩|女儿|儿子)|出门|刚下(?:车|高速|地铁|"
    r"飞机)|在楼下|到楼下|进电梯|来喽|来了来了|(?<!不)过来了|回去拿|熄火|死火|拖车|换乘|挤地铁|挤公交|下雨|"
    r"下雪|大雨|暴雨|积水|交警|限流|绕路|封路|高架|骑车|走过来|还没到(?:公司|单位)?|没到公司|导航|加油",
    r"\b(?:on (?:my|the) way|omw|otw|running (?:a (?:bit|little) )?(?:late|behind)|traffic|jam(?:med)?|"
    r"be there|get there|(?<!won't )(?<!wont )(?<!not )be in|be late|be (?:a (?:bit|little) )?late|(?:\d+|few|"
    r"some) min(?:ute)?s? late|"
    r"there (?:by|in|at|around)|i'?m late|late|coming|overslept|slept in|alarm (?:didn'?t|did not|never)|"
    r"woke up|subway|metro|train|bus|tube|taxi|uber|didi|cab|parking|flat tyre|flat tire|almost there|"
    r"nearly there|eta|arriv(?:e|ing)|heading (?:in|over|to)|delayed|left home|leaving (?:home|now|the house)|"
    r"leave home|just left|school run|drop(?:ping|ped)? (?:off )?(?:my|the) (?:kid|kids|son|daughter|child)|"
    r"commut\w*|(?:car|bike|scooter) (?:broke|won'?t|trouble)|walking over|stuck on|en route|mins? away)\b",
)

FORGOT = any_of(
    r"忘(?!(?:了|记)?(?:说|讲|告诉|跟|和|提前|带|请|报备|汇报))|漏打|漏刷|没打(?!车|到?车|通|算|扰|"
    r"开)上?(?:卡)?|未打卡|补(?:个|一?下|一?次|上)?卡|补打|补签|没刷(?:卡|脸)?|没顾上|没来得及打|没想起来打|"
    r"不记得打|错过打卡|以为打了|没签到|没按到",
    r"\b(?:forg[eo]t\w*|forgotten|slipped my mind|missed (?:the |my )?(?:punch|clock|check)|(?:didn'?t|"
    r"did not|never|haven'?t|hadn'?t) (?:\w+ )?(?:clock(?:ed)?|punch(?:ed)?|check(?:ed)?|scan(?:ned)?|badge|"
    r"swiped?)|need(?:s)? (?:a )?correction|fix my punch|walked (?:right )?past the|without (?:clock|punch|"
    r"scann|check|badg)ing)\b",
)

ARRIVED = any_of(
    r"(?:已经?|早就?|刚刚?|都|人|准时|就)(?:已经)?(?:到|在|来|进)(?:了)?(?:公司|单位|办公室|店里?|工位|楼上|"
    r"现场|门店|车间|厂里|座位)|(?:早就?|刚刚?|已经?|都|就|准时)(?:已经)?到(?:了|啦|的|岗|达)(?!$客)|"
    r"(?<!快)(?<!马上)(?<!就)到了(?!.{0,3}(?:叫|告诉))|(?:人)?在(?:公司|工位|办公室|单位|店里?|座位|车间|厂里|"
    r"会议室)|已到|早到了|刚到|到岗|到公司(?:了|啦|的)|返到|在上班|在开会|在干活|坐着呢|开工了|在搬砖|到的|"
    r"(?<=[点分半刻\d])来的",
    r"\b(?:(?:at|in) (?:the |my )?(?:office|desk|work|store|shop|building|meeting room)|i'?m (?:here|in)\b|"
    r"i (?:was|am|have been) (?:here|in|at)|already (?:here|in|at)|(?:just )?arrived|got (?:in|here|"
    r"to (?:the )?office)|came (?:in)?|been here|been (?:in|at) (?:the|my)|was in by|in since|here since|"
    r"started (?:work )?at|reached)\b",
)

CAME = any_of(
    r"到的|到了|就到|到岗|(?<=[点分半刻\d])来的|进的|到公司|刚到|已到|到达",
    r"\b(?:arrived|came|got in|got here|was (?:in|here)|reached|in at|in by|started)\b",
)

"""Beside a past time: the time of an arrival, and not of getting up or of leaving home."""

PUNCHED = any_of(
    r"(?:已经?|明明|刚刚?|早就?)打(?:过)?(?:卡)?(?:了|的|啊)|打过卡?了|打了卡|我打了|打卡了(?!吗)",
    r"\b(?:i )?(?:did|already|just|have) (?:punch|clock|check)(?:ed)?(?: in)?\b",
)

_SAFE = (
    "1|一|ok|okay|k|好|好的|好滴|好嘞|得嘞|要得|中|嗯|恩|在|在的|在呢|在啊|在哦|在度|收到|没事|没啥事|没事儿|"
    "没什么事|平安|安好|安全|活着|还活着|好着呢|都好|挺好|挺好的|还好|好得很|没问题|放心|看到|知道|谢谢|多谢|"
    "勿念|没啥|一切正常|好好的|安然无恙|无恙|到家了|到家|活得|nothing wrong|别担心|不用担心|不必担心|"
    "让你们担心了|让大家担心了|让您担心了|费心|关心|我|一切|都|你好|您好|人|早|早安|早上好|了|的|呀|啊|哈|呢|哦|"
    "吧|哟|嘛|谢|很好|我很好|yes|yep|yeah|"
    "yup|fine|good|great|safe|alive|here|present|sound|all|and|well|hi|hello|thanks|you|thank|thx|still|i'm|"
    "im|i|am|we're|we|are|everything|is|everything's|don't|dont|worry|no|worries|just|very|doing|am|totally|"
    "perfectly|so|for|asking|sorry|the|alright|all right|no problem|👌|👍|🙏|😊|😄|❤️|❤|[ok]|[强]|[微笑]|[抱拳]"
)
_LONGEST = "|".join(re.escape(each) for each in sorted(_SAFE.split("|"), key=len, reverse=True))
SAFE = re.compile(
    rf"^(?=.*[^了的呀啊哈呢哦吧哟嘛\s,.!~、。])(?>(?:{_LONGEST}|[\s,.!~、。;])++)$",
    re.IGNORECASE,
)

"""Alive and nothing else. Possessive, so that no long row of 好的 takes long."""

NEGATED = any_of(
    r"(?:没有?|不是|并?未|不用|不需要|无需|别|不算|又不|也不)(?:再)?(?:因为)?(?:忘记?|请假|请过假|在路上|外勤|"
    r"出差|生病|生过病|病|受伤|出事|出什么事|出车祸|车祸|帮助|帮忙|求助|不舒服|报警|堵车?|迟到|休假|休息|"
    r"睡过头?|被困|危险|打卡机坏|设备(?:坏|故障|问题)|发烧|感冒|去医院|住院|难受|事故|有事故)了?",
    r"\b(?:not|no|don'?t need|didn'?t|did not|isn'?t|wasn'?t|aren'?t|never|no need for|nothing to do with|"
    r"neither|nor|without)(?: (?:any|really|being|at all|a|an|the|in|to|my))* (?:sick|ill|unwell|injured|"
    r"on leave|leave|help|forget|forgot|trouble|travel\w*|late|traffic|accident|emergency|danger|on my way|"
    r"an accident|hospital|vacation|scared|police|suicidal|broken)\b",
)

_DOUBT = any_of(
    r"算不算|离职|辞职|不干了|辞了|被开|再也不来|裁员|仲裁|n\+1",
    r"(?:怎么|咋|如何|能不能|可不可以|可以|能|要不要|是不是|需要|啥时候|什么时候|哪里|在哪|"
    r"谁)[^,，。!！]{0,14}(?:吗|么|呢|\?|？)\s*$|(?:怎么|如何|在哪儿?|哪里)(?:补卡|请假|申请|提交|打卡|查)|"
    r"(?<!好)(?:吗|么)[?？~。\s]*$|不(?:知道|确定|记得)(?:是不是|有没有|几点|忘没)|要是|如果|万一|假如|可能要|"
    r"说不定|也许|不一定|不知道(?:能|要|会)不?",
    r"\b(?:resign\w*|quit|quitting|fired|laid off)\b|\b(?:how|can|could|may|should|do|does|is|what|when|where|"
    r"who|why)\b[^.!]*\?\s*$|\b(?:if i|in case|might|maybe|perhaps|not sure|i wonder|how (?:do|can|to))\b",
)

_OTHER_DAY = any_of(
    r"昨[天日儿](?!晚|夜)|前天|上周|上个?月|明[天日儿早]|后天|下周|下个?月|大后天",
    r"\b(?:yesterday|tomorrow|last (?:week|friday|monday|month)|next (?:week|monday|month)|day after)\b",
)

_TODAY = any_of(
    r"今[天日早晨儿]|现在|此刻|这会儿|刚才?|马上",
    r"\b(?:today|now|this morning|just)\b",
    r"(?:昨[天日儿]|前天|上周|上个?月)[^,，。]{0,6}(?:说|请|批|提|报|跟|和|加班|熬|喝|通宵|值班)",
    r"\byesterday\b.{0,24}\b(?:told|asked|approved|agreed|applied|requested)\b",
    r"\b(?:told|asked|approved|agreed|applied|requested|submitted)\b.{0,30}\b(?:yesterday|last week|"
    r"last month)\b",
    r"(?:说|请|批|提|报).{0,4}昨天",
)

_OTHERS = any_of(
    r"^(?:我?(?:们)?(?:同事|徒弟|搭档|隔壁|老公|老婆)|他|她|他们|小[\u4e00-\u9fff](?!时|心|区|孩)|"
    r"老[\u4e00-\u9fff](?!板|是)|阿[\u4e00-\u9fff])[^我]{0,8}(?:忘|请假|出差|路上|外勤|堵|迟到|调休|休息|设备|"
    r"打)",
    r"^(?:he|she|they|my (?:colleague|coworker|teammate)|[A-Z]?[a-z]+ (?:is|was|has) (?!here|in ))(?:'s| is|"
    r" was| has|\b).{0,30}\b(?:forgot|leave|late|way|trip|off)\b",
)


PARTS = re.compile(r"[,，。.;；!！?？~\n]+(?!\d)|(?<=\D)\s+(?=[\u4e00-\u9fff])")
FILLER = any_of(
    r"^\s*(?:不好意思|抱歉|对不起|sorry|my bad|oops|唔该|谢谢|麻烦|哎呀|那个|嗯|实在|急死|真棒|"
    r"so|well|ah|oh|pls|please|一下)?(?:了|哈|啊|呀|您?了)*\s*$",
)
"""Courtesies between the parts of a sentence, which say nothing."""


def doubtful(text: str) -> bool:
    """A question, a maybe, or something far larger than today's punch (`我辞职了`): asked about, never filed."""
    return bool(_DOUBT.search(text))


def other_day(text: str) -> bool:
    """About another day and not about now."""
    return bool(_OTHER_DAY.search(text)) and not _TODAY.search(text)


def about_others(text: str) -> bool:
    """About somebody else: `小李请假了`."""
    return bool(_OTHERS.search(text)) and not re.search(r"我(?!们?同事)|\b(?:i|me|i'm)\b", text, re.IGNORECASE)
