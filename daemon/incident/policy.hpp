// When to propose that somebody is sent. A pure function; its table test names every rule.
#pragma once

#include "incident/types.hpp"

namespace holdfast::incident {

// What there is to decide on.
struct Known {
    Type type = Type::trouble;
    bool place = false;       // known: enough to send somebody to
    bool place_any = false;   // one was named at least
    int questions = 0;        // asked, and answered or timed out
    int questions_max = 3;    // dispatch.max_questions
};

enum class Rule {
    ask,              // not enough yet
    place_and_type,   // both known
    questions,        // as many questions as allowed: what there is has to do, marked incomplete
    hold,             // a misdial or a matter without a unit: a person, never a dispatch
    late_words,       // words written down after the call: a person looks first, whatever dispatch.mode says; not decide's
};
const char* to_string(Rule rule);

struct Decision {
    Rule rule = Rule::ask;
    bool propose = false;
    bool incomplete = false;  // what is missing has to be asked while help is on its way
};

Decision decide(const Known& known);

}  // namespace holdfast::incident
