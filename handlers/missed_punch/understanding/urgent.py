"""The words of danger, despair and illness, Chinese and English; looked at before all others. Pure patterns."""

from __future__ import annotations

from handlers.missed_punch.understanding.words import any_of

HELP = any_of(
    r"救命|救我|救救|快来人|来人啊|帮帮我|帮我一下|需要(?:你们|人)?帮[助忙]|要帮忙|求助|求救|谁能帮|出事|"
    r"出大事|遇到困难|(?:有|很|遇到|遇)危险|好危险",
    r"车祸|事故|撞车|追尾|撞了|被撞|撞到[人我]|翻车|被困|困在|困住|锁在.{0,6}(?:出不|里面)|电梯.{0,6}(?:卡住|"
    r"不动|出不|关在)|卡在(?:了)?电梯",
    r"报警|报了警|派出所|警察|公安|拘留|被抓|被带走|被抢|被偷|抢劫|被打|打我|打人|家暴|被骗|诈骗|绑架|被绑|"
    r"被跟踪|跟踪我|跟着我|威胁|骚扰|要砍|被关",
    r"着火|起火|火灾|爆炸|地震|泥石流|洪水|煤气(?:中毒|泄漏)|塌了|触电|溺水|落水|掉(?:进|到).{0,4}(?:水|河|井)",
    r"救护车|(?<!\d)(?:120|110|119|911|999)(?![\d:点])|大出血|血流|流了?(?:好多|很多|不少)血|流血不止|昏迷|"
    r"昏倒|晕倒|晕过去|休克|抽搐|心梗|心脏病|中风|脑溢血|呼吸困难|喘不[过上]气|透不过气|胸口.{0,2}(?:疼|痛|闷)",
    r"不想活|活不下去|活着没|活着.{0,4}意思|想死|寻死|去死算|自杀|自残|轻生|跳楼|割腕|结束(?:自己|生命|一切)|"
    r"想不开|撑不(?:下去|住)|坚持不下去|熬不下去|扛不住|(?:我|要|快|情绪|心态|精神|人)(?:都|已经|快|要)*崩溃|"
    r"崩溃了|绝望|没人(?:管|在乎|能帮)|走投无路|好?害怕|好怕|很怕|我怕|一直在?哭|哭了一(?:夜|晚)|消失算了",
    r"\b(?:help(?:ing me)?|sos|mayday|accident|crash(?:ed)? (?:my|the) (?:car|bike|scooter)|car crash|trapped|"
    r"in trouble|in danger|robbed|mugged|attacked|assaulted|stabbed|beaten|hit me|following me|being followed|"
    r"stalk\w*|threaten\w*|harass\w*|kidnap\w*|police|arrested|detained|ambulance|fire in (?:my|the)|on fire|"
    r"earthquake|flooded|gas leak|bleeding|unconscious|passed out|faint\w*|heart attack|chest pain\w*|stroke|"
    r"seizure|overdose|can'?t breathe|cannot breathe|suicid\w*|kill myself|end it all|end my life|want to die|"
    r"wanna die|don'?t want to (?:live|be here|wake up)|no reason to live|can'?t (?:go on|take (?:it|this)|"
    r"cope|do this anymore)|cannot (?:go on|cope)|hopeless|desperate|scared|terrified|breaking down|"
    r"falling apart|panic attack|panicking|not safe|unsafe|family emergency|an emergency|stuck in (?:the|"
    r"an) (?:lift|elevator)|(?:lift|elevator) (?:is |got )?stuck|locked in)\b",
)
DISTRESS = any_of(
    r"结束(?:这|自己的)?一?切|楼顶|天台|窗台上|没人(?:需要|要|爱|理|懂|关心|帮)我?|没有人(?:需要|爱|在乎)|"
    r"遗书|遗言|永别|活够了|活腻|不想(?:醒|存在|再醒)|解脱|想消失|没(?:有)?意义|人间不值得|生无可恋|割(?:腕|"
    r"脉)|烧炭|安眠药|吞药|农药|上吊|跳(?:河|江|海|下去|桥|轨)|喝药|求死|不如死|死了算|(?:快|要)(?:不行|死)了|"
    r"走不下去|没希望|没有希望|没盼头|没活路|熬不住|受够了|喘口气都难|心好累|难过得|对不起(?:大家|爸妈|孩子|"
    r"家人)|自我了断|伤害自己|孤独|好无助|无助",
    r"拿刀|持刀|动刀|砍[人我了]|捅|枪|闯进|入室|砸门|撬门|踹门|敲诈|勒索|猥亵|性侵|强奸|强暴|侵犯|偷拍|传销|"
    r"失联|失踪|走丢|走失|不见了.{0,4}(?:孩子|娃)|(?:孩子|娃|女儿|儿子|老人).{0,4}(?:不见了|找不到|丢了)|"
    r"迷路.{0,6}(?:山|林)|(?:山|林)里?.{0,4}迷路|被.{0,4}咬|被电|冒烟|夹住|夹到|卷进|压住|压到[人我手脚]|砸到|"
    r"砸伤|绞进|切到|割到手|坠落|坠楼|摔下|掉下来|滑坡|落石|塌方|被淹|淹了|翻船|打架|殴打|没有?呼吸|没有?意识|"
    r"不省人事|口吐白沫|猝死|倒下|倒地|叫不醒|救人|救护|电梯.{0,8}(?:里面|在里|出去)|(?:人|我)在里面出|扣押|"
    r"限制.{0,2}自由|不让我?(?:走|出|离开)|不敢出门|不敢回家|报火警|消防",
    r"\b(?:ending it|end things|pointless|no point (?:in|any)|worthless|(?:nobody|no one) (?:cares|needs|"
    r"loves|would miss)|hate my life|not ok(?:ay)?|(?:someone|somebody|anyone) to talk to|talk to (?:someone|"
    r"somebody)|(?:broke|breaking|break) in(?:to)?|intruder|knife|gun|weapon|shooting|hurt(?:ing)? (?:me|"
    r"myself|badly)|i'?m hurt|self[- ]harm\w*|crashed (?:my|the|into)|i crashed|collaps\w*|(?:caught|stuck|"
    r"hand|arm|finger\w*|leg)\b.{0,14}\bin (?:a|the|my) (?:machine|press|door|conveyor)|crushed|electrocut\w*|"
    r"drown\w*|rape\w*|sexual\w*|groped|molest\w*|(?:can'?t find|lost) my (?:kid|son|daughter|child|mother|"
    r"father)|went missing|is missing|evacuat\w*|smoke|explosion|exploded|rescue\w*|lost in the|abus\w*|"
    r"blackmail\w*|scam+ed|stranded|dying|done with (?:life|everything)|goodbye everyone|mental breakdown|"
    r"nervous breakdown|crying|lonely|alone and|give up on|giving up on|won'?t let me (?:go|leave)|"
    r"held (?:hostage|against)|locked (?:me )?(?:in|up|inside)|emergency(?! room)|911|someone (?:died|"
    r"is dead)|urgently)\b",
    r"尾随|不敢(?:下车|出去|回去|动|开门|说话|睡)|累赘|走了算了|没有?(?:了)?力气(?:再)?活|不会再(?:来|见|回)|"
    r"(?:替我|帮我)?照顾好我|后事|下辈子|来世|活(?:着)?(?:得)?(?:好|太|真|很)(?:累|苦|没)|"
    r"不想(?:再)?(?:见任何人|面对|继续了|撑)|心如死灰|(?<![得的堵])想哭|哭(?:得|到|了好|了很|个不停)|忍不住哭|"
    r"止不住.{0,2}哭|[天每]天哭|(?<![堵忙气])(?<![堵忙气热]得)(?:快|要)(?:被.{0,3}逼)?疯了?|控制不住自己|幻觉|"
    r"(?:吞|吃)了?.{0,4}(?:一整?瓶|好多|很多|一把).{0,2}药|一瓶药|老[公婆].{0,6}(?:打我|动手|掐|家暴)|掐(?:我|"
    r"住|脖)|勒(?:我|住|脖)|扇(?:我|了我|耳光)|踢我|欺负|霸凌|虐待|囚禁|软禁|恐吓|逼(?:我|债)|追债|"
    r"堵(?:在)?(?:我)?家门|棍子?|劫匪|抢匪|暴徒|闹事|(?:人|我|摔|疼|痛|腿|脚|手|全身|"
    r"腰)[^车堵,，。]{0,4}[,，]?(?:动不了|动弹不得|爬不起|站不起)(?!.{0,6}堵)|被埋|埋在|埋住|被砸|被压|被烧|"
    r"被炸|被雷|被蛇|被刺|反锁在|被反锁|(?:车|人|我|他|她|摔|掉|翻|冲|滑).{0,3}(?:沟里|河里|水里|坑里|井里|崖|"
    r"桥下|轨道上)|断了?(?:腿|手|胳膊)|(?:腿|胳膊|手|骨头)断|吐血|满[地身]是?血|一身血|窒息|噎住|呛水|漏电|"
    r"泄漏|泄露|毒气|浓烟|烧起来|自燃|失火|山火|海啸|龙卷风|雪崩|冲走|冲垮|沉船|相撞|侧翻|刹车失灵|失控|"
    r"甩出去|昏(?:过|死|倒|厥)|晕厥|没气了|没心跳|脑出血|癫痫|羊癫疯|被蜇|(?:孩子|娃|老人|女儿|儿子|爸|"
    r"妈).{0,2}(?:丢了|走丢|不见)|救出|求你们|求求",
    r"\b(?:hit by (?:a|the|an)|ran over|run over|rear-?ended|side-?swiped|skidded|collision|wreck(?:ed)?|"
    r"pile-?up|in a ditch|(?:car|truck|van|bike|it) (?:flipped|rolled|overturned)|fell (?:down|off|from|into)|"
    r"point of living|(?:live|living|alive|exist) any ?more|no will to|a burden|better off (?:dead|"
    r"without me)|want to disappear|wish i (?:could disappear|were dead|was dead)|say goodbye|forgive me|"
    r"take care of my (?:kids|mom|family|cat|dog)|tired of (?:living|life|everything)|sick of (?:living|life)|"
    r"empty inside|lost (?:all )?hope|no hope|(?:too many|bottle of|all (?:the|my)|handful of) pills|"
    r"took pills|cut(?:ting)? myself|bull(?:y|ied)\w*|hostage|tied up|cornered|burglar\w*|gunshot|(?:been|got|"
    r"was) shot|shots fired|slapped|beats? me|beat me|beating|chok(?:e|ed|ing)|suffocat\w*|can'?t move|"
    r"cannot move|unresponsive|not breathing|no pulse|cpr|screaming|tornado|tsunami|landslide|avalanche|"
    r"wildfire|burning|toxic|smell(?:s)? (?:of )?gas|chemical spill|don'?t know what to do|something terrible|"
    r"something happened to|in shock|lost control)\b",
)
"""The second net: danger and despair said in other words."""
NOT_HELP = any_of(
    r"(?:前[面方]|前头|line \d+|路口|桥上|高架上?|路上有|对面|隔壁车道|地铁|公交|轻轨|几号线|号线|别人|人家|"
    r"有人|有车)[^,，。不我]{0,8}?(?:出了?|有|发生)?(?:车祸|事故|追尾|撞车|撞了|抛锚)(?=.{0,12}(?:堵|慢|等|绕|"
    r"晚|停运|延误|限流|停|挪|封|走不动|排))",
    r"交警|查酒驾|帮我一下(?:补|打|请|登记|看|改|提交)|需要帮[助忙](?:补|登记)|没人管(?:这|的)?(?:打卡|机器|"
    r"设备)",
    r"派出所.{0,4}(?:办|开证明|换证|补证)|身份证|(?:系统|软件|app|钉钉|微信|手机|电脑|打卡机|机器|服务器|"
    r"程序)[^,，。我]{0,6}?崩溃了?",
    r"(?:堵|堵车|困|热|饿)(?:得|的|到)?(?:我)?(?:都|快|真)?想死|忙得.{0,2}喘不过气|(?:停车场|小区|"
    r"门口)被人?堵|被打回|被打断|打人卡|怕迟到|怕(?:来)?不及|(?:我|好|很)怕(?:迟|晚|堵|扣|赶|又|忘)|"
    r"消防(?:演习|检查|演练)|没(?:有)?意义的?(?:打卡|考勤|会)|fire (?:drill|alarm test)|smoke break|(?:系统|"
    r"打卡机|手机|机器)快?要?不行了|(?:累|困|热|冷|饿|忙|堵|急|气|烦|笑)(?:得|的)?(?:我|人)?(?:真|都)?(?:快|"
    r"要|快要)(?:死|疯|崩溃)了?|(?:路|桥下|隧道|马路|路口).{0,4}(?:被)?淹了?(?=.{0,8}(?:绕|堵|慢|封))|"
    r"locked in (?:a )?(?:meeting|traffic)|(?:系统|数据|信息|app)[^,，]{0,4}泄[漏露]|受够了(?:这|打卡|堵|地铁|"
    r"公交)",
    r"(?:on|it'?s) fire sale|help ?desk|can'?t help|helping (?:a|the|our|with)|by accident|no accident|"
    r"(?:accident|crash|police|fire)(?: is| was)? (?:ahead|up ahead|on (?:the|line|highway)|at the (?:bridge|"
    r"junction))|(?:there(?:'s| is| was|'?s been| has been) (?:an? )?|due to (?:an? )?|because of (?:an? )?|"
    r"behind (?:an? )?)(?:car |traffic |road )?(?:accident|crash)(?=.{0,40}(?:traffic|stuck|late|slow|jam|"
    r"line|ahead|blocked))|(?:app|system|phone|software|laptop|scanner|machine|server)[^,.]{0,12}(?:crash\w*|"
    r"fainted)|no emergency|not an emergency|scared (?:of being|to be|i'?ll be) late|"
    r"help (?:me )?(?:to )?(?:fix|correct|punch|clock|with (?:the|my) (?:punch|clock|attendance|correction))",
)
MEDICAL = any_of(
    r"医院|医生|大夫|急诊|发烧|发热|发高烧|高烧|低烧|烧到|(?:3[789]|40)(?:\.\d)?度|生病|病了|看病|病假|病倒|"
    r"犯病|生了?场病|不舒服|不太舒服|难受|住院|出院|手术|头晕|头疼|头痛|偏头痛|晕乎|肚子(?:疼|痛|不舒服|坏|"
    r"难受|绞痛)|胃[疼痛病]|胃.{0,2}(?:疼|痛|不舒服)|肠胃|牙[疼痛]|拔牙|看牙|补牙|智齿|拉肚|拉稀|腹泻|"
    r"上吐下泻|感冒|流感|甲流|新冠|挂号|挂急|挂水|输液|打点滴|吊水|吊瓶|打针|疫苗|骨折|受伤|崴|扭[伤到]|"
    r"闪了?腰|腰[疼痛]|摔[伤了断]|烫伤|割伤|体检|产检|孕|早产|要生了|临产|分娩|流产|保胎|抑郁|焦虑症|失眠|"
    r"心理咨询|精神科|癌|肿瘤|确诊|复查|复诊|化验|阳性|阳了|小阳人|过敏|诊所|卫生院|门诊|就诊|就医|吃药|拿药|"
    r"买药|吃坏|中毒|化疗|呕吐|吐了|病危|病重|抢救|icu|陪护|陪床|大姨妈|姨妈痛|例假|痛经|生理期|月经|咳嗽|"
    r"嗓子(?:疼|痛|哑)|喉咙|发炎|炎症|胃炎|肺炎|阑尾|结石|血压|低血糖|心悸|心慌|胸闷|红肿|肿了|腰椎|颈椎|"
    r"椎间盘|起不来床|下不了床|拄拐|石膏|缝针|换药|痔疮|湿疹|结膜炎|红眼病|眼睛(?:疼|肿)|做b超|核磁|\bct\b|"
    r"骨科|牙科|口腔科|儿科|妇科",
    r"\b(?:hospital\w*|doctor'?s?|physician|nurse|clinic|sick(?!\s*(?:of|and tired of))|(?<!')ill(?!\s*(?:be|"
    r"come|arrive|get|go|take|see|call|do|fix|reach|make|text|try|grab|just|have|let))|unwell|"
    r"under the weather|not feeling (?:well|great|good|so good|too good)|feel(?:ing)? (?:awful|terrible|dizzy|"
    r"rough|poorly|bad|crap)|fever\w*|flu|cold symptoms|caught a cold|have a cold|surgery|operation today|"
    r"medical|medicine|meds|pregnan\w*|prenatal|miscarriage|migraine|headache|stomach ?ache|stomach bug|tummy|"
    r"toothache|dentist|dental|injur\w*|sprain\w*|broke(?:n)? my|twisted my|food poisoning|covid|"
    r"tested positive|vomit\w*|throwing up|threw up|diarrh\w*|cramps|nause\w*|allerg\w*|x-?ray|blood test|"
    r"check-?up|vaccin\w*|physio\w*|therap(?:y|ist)|depress\w*|anxiety|insomnia|cancer|chemo\w*|icu|er visit|"
    r"emergency room|urgent care|pharmacy|prescription|in labou?r|period pain|infection|asthma|dizzy|the er|"
    r"(?:back|neck|knee|tooth|stomach|chest|leg|foot|eye|ear) ?(?:pain|ache|hurts)|in pain|hurts|bedridden|"
    r"can'?t get (?:up|out of bed))\b",
)
NOT_MEDICAL = any_of(
    r"(?:真|好|很|太|最|让人|叫人|令人)?(?:让人|叫人|令人)头[疼痛]|头[疼痛]的(?:是|打卡)|有病(?:吧|啊)?|(?:堵|"
    r"挤|热|等|气)(?:得|的)(?:人|我)?(?:真|太|很|好)?(?:难受|头疼|要吐|吐了)|(?:手机|屏幕|机器|屏|电脑|平板|"
    r"眼镜|杯子)[^,，。]{0,5}摔[了断坏]?|摔[了坏]?(?:手机|屏幕|电脑)|(?:手机|电脑|系统|打卡机|"
    r"服务器)[^,，。]{0,4}(?:病|中毒)|体检(?:中心|车)?(?:客户|项目)|吐了口气|无语吐了|气得吐|(?:sick|"
    r"tired) of|makes me sick|gives me (?:a )?headache|such a headache|is a headache",
)
BODY = any_of(
    r"症|炎|瘤|诊|疗|康复|镜检|胃镜|肠镜|暑了|疹|疱|隔离|手足口|核酸|护理|手术|叫号|住不了人|胎|宝宝|分娩|器官|心理",
    r"\b(?:temperature|in bed|mri|scan results?|therap\w*|rehab\w*|symptom\w*|patient|diagnos\w*|treatment|disease|"
    r"disorder|syndrome|appointment|pills?|nurse|ward)\b",
    r"病|疼|痛|血|药|医|孕|伤口|伤[了到]|吐了|晕|生娃|体温",
    r"\b(?:ill|pain\w*|hurts?|blood|er|ward)\b",
)
"""Beside the others: words that are no answer by themselves, but that no manager needs to read either."""
