"""Whether somebody's own words say that it is not solved, whatever they ticked (P10.6). Asked about, never decided."""

import re


def says_unsolved(text: str) -> bool:
    """Whether a sentence, in Chinese or English, says that it does not work now."""
    return any(_is_trouble(clause) for clause in CLAUSE.split(text.lower().replace("’", "'")) if clause)


def _is_trouble(clause: str) -> bool:
    *before, now = NOW.split(clause)
    if NOT_NOW.search(now) and not before:
        return False
    return bool(NOT_SOLVED.search(HARMLESS.sub(" ", now)))


def _one_of(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases))


CLAUSE = _one_of(
    r"[。！？；，、!?;,.\n]+", "但是|但|不过|可是|只是|然而", r"\b(?:but|however|though)\b", r"\byet\b(?= [a-z])"
)
# A clause about what was, or what might be, says nothing of now.
NOT_NOW = _one_of(
    "之前|以前|原来|原先|当时|刚才|昨天|前天|上周|如果|假如|要是|万一|一旦",
    r"\b(before|previously|earlier|used to|yesterday|if|in case|should it|was|were)\b",
)
NOW = _one_of("今天|现在|目前", r"\b(?:now|today)\b")  # what follows is said of now, whatever was before
# Words that look like trouble and are none; taken out before anything is looked for.
HARMLESS = _one_of(
    "没有?(任何|什么|啥|其他|其它|别的|大)?(问题|毛病|异常|报错|错误|故障)",
    "(不会?|没有?|未|再也没有?|再也不会?|再没)再?(次)?(出现|发生|报错|卡|慢|断|掉线|闪退|转圈)(了|过)?",
    "不(卡|慢|报错|闪退|掉线|转圈)了?",
    "不错|不客气|无法形容|好得不得了",
    r"\b(no|not any|without( any)?) (more |further |other )?(problems?|issues?|errors?|trouble|complaints?)\b",
    r"\b(no longer|not|never|doesn't|does not|didn't|has not|hasn't) (failing|fails?|failed|broken|stuck|slow|crash\w*"
    r"|happen\w*|appear\w*|come back|occur\w*|show up)( again| anymore| any more)?\b",
    r"\bnot (bad|only)\b",
)
NOT_SOLVED = _one_of(
    "(没有?|还没|并?未|尚未|并?没能|没有?完全|没有?彻底)(真正|完全|彻底|被|得到)?"
    "(解决|修好|修复|搞定|恢复|处理好|弄好|好(?!奇))",
    "(没有?|未)(任何|什么)?(用|效果|改善|变化|反应)(?!户|到)",
    "(还是|仍然|仍旧|依然|依旧|仍|还|又|照样|同样)(是|会|在|老|总|要|有|出现|发生|开始)?"
    "(报|白屏|黑屏|蓝屏|死机|超时|离线|乱码|不行|不能|不可以|不好使|不对|不正常|不稳定|报错|出错|错误|异常|故障|卡|慢|很慢|转圈|断|掉线|闪退|崩溃|坏|失败"
    "|打不开|登不上|登录不了|用不了|上不去|连不上|无法|没法|没反应|一样|老样子|这样|那样|有?问题|存在|出现|发生|犯"
    "|复发|提示)",
    "(根本|压根|完全)(没|不)",
    "(又|再次)(出现|发生|坏|断|卡|报错|不行|崩溃|出问题|来了|犯)",
    "(问题|故障|错误|现象|毛病)(还|仍|依然|依旧)(在|存在|有|没)",
    "(打|登|连|上|用|传|导|存|发|收|看|查|改|提交|登录|下载|打印|保存|访问)不(开|上|了|去|出|进|到|成)",
    "不能(用|使用|登录|打开|提交|访问|打印|保存|正常|连接|导出)|无法(?!形容|言)",
    "(修|弄|搞|解决|处理)不(好|了|掉)|白修|不管用|没用",
    r"\b(not|isn't|wasn't|never|hasn't been|haven't|n't) (yet |really |fully |completely |quite |been |at all )*"
    r"(solved|fixed|resolved|working|repaired|done|better|ok|okay|right)\b",
    r"\b(unsolved|unresolved)\b",
    r"\b(no|not any|not much) (improvement|change|difference|effect)\b|\bnothing (has )?changed\b",
    r"\bnot (on|in|for|with|when|from) \w",
    r"\b(doesn't|does not|didn't|did not|don't|do not|won't|will not) (work|help|open|load|start|print)\b",
    r"\b(can't|cannot|can not|unable to) (log|open|use|print|save|connect|access|submit|work|sign|see|send)\w*",
    r"\bstill (not|no|the same|broken|fail\w*|crash\w*|slow|an? (error|problem|issue)|errors?|happen\w*|get\w*|see\w*"
    r"|doesn't|does not|there|stuck|have|having|down|offline|waiting|wrong|hang\w*|freez\w*|unable)\b",
    r"\b(broken|fails?|failing|failed|crash\w*|hangs?|happen\w*|appear\w*|occurr?\w*) again\b",
    r"\b(came|is) back\b",
    r"\bsame (problem|issue|error)\b|\bpersists?\b|还是同样的",
)
