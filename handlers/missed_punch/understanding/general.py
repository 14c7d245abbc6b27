"""Everyday reasons put together from parts (what thing x what befell it, where x what for), beside the set phrases of
`said_words` and `said_urgent`: nobody can list every sentence, but the parts come again. Pure patterns.
"""

from __future__ import annotations

from handlers.missed_punch.understanding.words import any_of

_THING = (
    r"(?:打卡机|考勤机|考勤系统|机子|机器|设备|门禁|闸机|读卡器|刷卡|打卡|工牌|工卡|手机|屏幕?|指纹|人脸|刷脸|网络?|"
    r"定位|app|软件|程序|小程序|系统|企业?微信|企微|钉钉|页面|服务器|账号|密码|蓝牙|wi-?fi|摄像头|终端)"
)
_FAILS = (
    r"(?:没有?(?:反应|响|声音?|显示|记录|信号|网|电|通过|弹|跳)|不响|不亮|不通过?|都不过|过不了|通不过|老不过|"
    r"[^来过去见得]不上(?!班)|"
    r"不出来?|转圈|一直在?转|打不开|登不|登[录陆]不|进不去|不在.{0,4}范围|范围[之以]?外|超出.{0,4}范围|太?慢|"
    r"不好(?!意思)|不稳|"
    r"不行|不灵|冻住|重启|在?更新|升级|摔[坏了碎]|碎了|进水|欠费|停机|锁住|被锁|失灵|报?错|超时|坏|关着|断|丢了|"
    r"掉了|消磁|没(?:绑定?|注册|开)|(?:被|给)(?:搬|移|拆|拿)|红灯)"
)
_EN_THING = (
    r"(?:scanner|reader|machine|terminal|gate|turnstile|device|phone|app|gps|location|system|network|signal|internet|"
    r"wi-?fi|fingerprint|thumb|face|badge|pass|card|battery|screen|account|page|server|clock)"
)
_EN_FAILS = (
    r"(?:ran out|run out|out of (?:battery|charge|power|order)|(?:switched|turned|powered) off|unplugged|"
    r"(?:keeps?|kept) (?:spinning|loading|crashing|failing|saying|asking|hanging)|spinning|hangs?|hung|"
    r"outside (?:the )?(?:area|range|zone|fence)|out of range|(?:did|does|would|could|was|is)(?:n'?t| not) \w+|"
    r"refus\w+|timed out|blank|black|logged me out|updating|restart\w*|expired|locked|beep\w*|not registered|"
    r"no (?:battery|charge|power))"
)
DEVICE = any_of(
    rf"{_THING}[^,，。;；!！]{{0,10}}?{_FAILS}",
    rf"\b{_EN_THING}\b[^,.;!]{{0,24}}?\b{_EN_FAILS}\b",
    r"\b(?:app|phone|system|it) (?:says|thinks|shows?)[^,.;]{0,20}\b(?:outside|out of range|not in range|error|"
    r"invalid)\b",
    r"\bno (?:response|reaction|beep)\b|\berrors? (?:when|while|on) (?:clocking|punching|checking|scanning|"
    r"signing)\b|\bcan(?:'?t|not) see "
    r"my face\b",
    r"\b(?:would|will|did)(?:n'?t| not) let me (?:log|clock|punch|sign|check|scan|in)\b",
)
FIELD = any_of(
    r"派(?:我|去|到|往)|调研|考察|(?:去|到|在)[^,，。]{0,8}(?:支援|顶班|帮忙盘点|盘点|驻点|出诊车)|"
    r"陪(?:着)?(?:领导|老板|经理|[老\u4e00-\u9fff]总)|"
    r"(?:见|接|拜会|接待|约了?|陪)(?:着)?(?:投资|合作|供货|代理|经销|加盟|厂商|外商|施工|甲|乙)方?|合作方|乙方|"
    r"监理|走访|路演|"
    r"谈(?:合作|项目|业务|合同|价)|(?:投|开|招|评)标|签合同|送(?:文件|材料|标书|合同|快件)(?:去|到)?|取(?:货|"
    r"材料|合同)|"
    r"(?:去|到|在)[^,，。]{0,6}(?:安装|调试|检修|维修|验货|办公事|办业务|参加培训|培训|开会(?=.{0,4}(?:外|总部|"
    r"分)))|项目(?:上|点|现场|部)",
    r"\b(?:meeting|visiting|seeing|calling on|with|out with) (?:a |an |the |our |my |"
    r"some )?(?:new )?(?:prospects?|partners?|"
    r"contractors?|investors?|dealers?|distributors?|accounts?|auditors?|inspectors?|buyers?)\b",
    r"\battending (?:a |an |the |our )?(?:\w+ )?(?:training|seminar|workshop|conference|course|event|hearing|"
    r"exhibition|"
    r"meeting (?:in|at|with))\b",
    r"\b(?:sent|posted|assigned|covering|helping out|stocktaking|installing|repairing|"
    r"auditing)\b[^,.;]{0,20}\b(?:to|at|in) "
    r"(?:the |another |our |a )?(?:\w+ )?(?:stores?|shops?|branch|sites?|plants?|depot|outlet)\b",
    r"\bout on (?:a )?(?:call|visit|job|delivery|business)\b|\bon (?:company|official) business\b",
)
LEAVE = any_of(
    r"告(?:了)?(?:个)?假|批(?:了|过|准|下来)?的?.{0,4}假|假(?:条)?(?:已经?|早就?|都)?(?:批|准|交)|"
    r"(?:今[天日儿]?(?:我)?|我)(?:休|歇)(?:一?天|半天|班|了|$|[,，。!！])|"
    r"请(?:[一二两三四半几\d]+个?)(?:半)?(?:小时|钟头|天)|"
    r"(?:今[天日儿]|我)?(?:是|上|换到?了?|改)(?:的)?(?:晚|夜|中|下午)班|家中?里?(?:有|临时有|出了)(?:点|些|急|"
    r"要紧)?的?事|"
    r"(?:搬家|领证|婚礼|丧事|毕业典礼).{0,6}(?:请|不|假|去)",
    r"\bswap\w* (?:my |the )?shifts?\b|\bfamily (?:matters?|business|reasons?|things?)\b|"
    r"\b(?:need|want|taking|took|booked|requesting) (?:the |a |this |my )?(?:whole |half |rest of the )?(?:a )?"
    r"(?:day|morning|afternoon)\b|\bnot (?:working|on (?:shift|duty|the rota|the roster)|scheduled)\b|"
    r"\b(?:on )?(?:the |a )?(?:late|night|evening|afternoon) shift\b|\bday[- ]off\b|\boff work\b|"
    r"\bmy shift (?:starts|begins)\b|"
    r"\bon (?:my )?(?:holidays?|break|sabbatical)\b",
)
ON_WAY = any_of(
    r"往(?:公司|单位|店里?|厂里?|办公室|那边|回)?(?:走|赶|去|来|跑)|(?:^|[,，。\s])(?:就?快了|马上|很快)(?:快了|"
    r"的|哈|啊)*(?:$|[,，。!！])|"
    r"(?:马上|这就|很快|快要?)(?:就)?(?:进|下|出|过|能|可以|到|来|上)|(?:再|还)(?:有|要|得|差|"
    r"需)[^,，。]{0,5}(?:分钟|站|公里|路口|小时|刻钟)|"
    r"(?:刚|正|已经?)?(?:下|上|出)(?:了)?(?:高速|地铁|公交|楼|匝道)|(?:出|到|进|在)(?:了)?(?:地铁口|小区|家门|"
    r"大?门口|停车场|地库|园区|大堂|大厅|楼下)|"
    r"上楼|(?:走|开|骑)得?(?:很|太|特别)?慢|路(?:上)?(?:很|太)?(?:滑|不好走|难走)|(?:雨|雪|雾)(?:下得)?(?:太|很|"
    r"好|这么)大|步行|跑(?:过来|着|步)|小跑|骑(?:着|电动|单车|共享|摩托)|红(?:绿)?灯|路口|收费站|隧道|大桥|修路|"
    r"拥堵|车(?:流|多|慢|祸现场堵)|"
    r"(?:刚|才|又)(?:睡)?(?:起|醒)(?!不)|起不来(?!床)|起得?(?:太)?晚|睡(?:过|迟|懒|得太死)|赖床|(?:单车|电动车|"
    r"摩托|车子?)(?:坏|没电|没油|打不着)|"
    r"(?:车|公交|班车|地铁)(?:一直|还|老)?(?:不来|没来|不走|停了)|(?:没|错)(?:赶上|过了?)(?:班车|公交|地铁|末班|"
    r"那趟|车)",
    r"\b(?:just )?(?:parked|parking up|got off|getting off|stepped off|hopped (?:on|off)|boarded|set off|set out)\b|"
    r"\bheld up(?! at)\b|\bthere (?:soon|shortly|in a (?:bit|sec|minute|moment))\b|\b(?:soon|shortly)\W*$|"
    r"\b(?:stuck|waiting|sitting|crawling|queu\w+) (?:behind|at|for|on|in)\b[^,.;]{0,30}\b(?:lights?|road|"
    r"bridge|bus|train|lift|"
    r"elevator|tunnel|highway|motorway|ring|toll|crossing|security)\b|\broad ?works?\b|\bdetour\b|\bdiver(?:ted|"
    r"sion)\b|"
    r"\b(?:train|bus|metro|tram|ferry|ride|flight)\b[^,.;]{0,14}\b(?:cancell?ed|late|delayed|packed|stopped|broke)\b|"
    r"\b(?:more|another) (?:minutes?|mins?)\b|\bdriving (?:slow|in|as)|\b(?:snow|ice|fog|"
    r"rain)\w* on the roads?\b|\bmissed (?:the|my) (?:bus|train|stop|connection|shuttle|tram)\b|\b(?:round|"
    r"around) the corner\b|"
    r"\b(?:hurrying|rushing|racing|running|driving|cycling|walking) (?:over|in|up|there|to (?:work|the office))\b|"
    r"\b(?:got|getting|woke) up (?:too )?late\b|\bdownstairs\b|\bat the (?:gate|entrance|lobby|car park|station)\b",
)
FORGOT = any_of(
    r"漏(?:了|掉|打|刷|签)|没(?:经|路)?过[^,，。]{0,4}(?:打卡机|考勤机|闸机|门禁)|(?:没|未)(?:来得及|顾得?上|"
    r"时间|空|想起|记得|想着)(?:去)?(?:打|刷|签)|(?:光|只)顾着?[^,，。]{1,10}[,，]?[^,，。]{0,4}(?:打|刷)|"
    r"(?:没|未)(?:打|刷|签|点)(?:上班)?(?:卡|到|脸)|(?:少|差)(?:打|刷|签)了?一?次",
    r"\b(?:did|do|had|have)(?:n'?t| not) (?:tap|touch|swip\w+|beep|sign|register\w*|log(?:ged)?|press)\b|"
    r"\bskipped the "
    r"(?:clock|scanner|machine|reader)\b|\b(?:clean|totally|simply|plain) forgot\b|\bno punch\b|\bpunch is missing\b",
)
ARRIVED = any_of(
    r"(?:进(?:门|来)|一?到(?:公司|单位|店里?)?)(?:的时候)?(?:就|了就|直接|被)[^,，。]{0,6}(?:开会|接电话|忙|搬|卸|干)",
    r"(?:就|已经?|早就?|都)(?:坐下|开工|上岗|干活|忙上|忙起来|接班|开始干|开始忙|在岗|在忙|在干)|"
    r"[点分半]前?就(?:到|在|来|坐)",
    r"\b(?:been (?:working|sitting|inside|upstairs|on site here)|sat down|started (?:my |the )?(?:shift|work|day)|"
    r"at my (?:station|counter|post|bench|seat|place)|working since|clocked? on the floor)\b",
)
MEDICAL = any_of(
    r"(?:头|肚子|小腹|胃|腰|后?背|脖子|颈|肩膀?|胸口?|腿|膝盖?|脚踝?|脚|手腕?|手臂|胳膊|眼睛?|耳朵?|牙|嗓子|"
    r"喉咙|皮肤|关节|心口)"
    r"[^,，。;；]{0,4}(?:疼|痛|酸得|肿|发麻|崴|扭|闪了|骨折|发炎|出血|抽筋|难受|不舒服|拉伤|动不了)|(?:崴|"
    r"扭)(?:到|了|伤)|闪了腰|"
    r"(?:挂号|门诊|急诊|输液|打针|吊[瓶水针]|点滴|拍(?:片|ct|x光)|化验|抽血|住院|复查|复诊|产检|透析|理疗|针灸|"
    r"拔牙|卫生[院所站]|"
    r"诊所|医务室|买药|吃药|开药|配药|看(?:中医|医生|大夫|急诊|牙)|发(?:高|低)?烧|拉(?:了)?[^,，。]{0,3}(?:肚子|"
    r"稀)|上吐下泻|过敏|旧伤|老毛病)",
    r"\b(?:running|have|having|got|has|with) a (?:slight |high |bit of a )?(?:temperature|cold|cough|bug|virus)\b|"
    r"\bmy (?:back|neck|knee|ankle|shoulder|hip|wrist) (?:went|gave|is killing|is out|locked|hurts)\b|"
    r"\bpulled a muscle\b|"
    r"\b(?:stitches|bandaged?|in a cast|ultrasound|specialist|antibiotics|painkillers|iv drip|lab results)\b",
)
