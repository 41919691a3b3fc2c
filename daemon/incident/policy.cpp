#include "incident/policy.hpp"

namespace holdfast::incident {

const char* to_string(Rule rule) {
    switch (rule) {
        case Rule::ask: return "ask";
        case Rule::place_and_type: return "place_and_type";
        case Rule::questions: return "questions";
        case Rule::hold: return "hold";
        case Rule::late_words: return "late_words";
    }
    return "ask";
}

Decision decide(const Known& known) {
    if (known.place && sends(known.type)) return {Rule::place_and_type, true, false};
    if (known.questions < known.questions_max) return {};
    if (known.type == Type::hangup || known.type == Type::citasst) return {Rule::hold, false, false};
    return {Rule::questions, true, true};
}

}  // namespace holdfast::incident
