#include "caller/script.hpp"

#include "document.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

namespace holdfast::sim {
namespace {

using nlohmann::json;

base::Error bad(std::string detail) {
    return base::make_error(base::Condition::reject, "script", std::move(detail));
}

struct WhenName {
    const char* name;
    CallerTurn::When when;
};
constexpr WhenName k_when[] = {{"greeting began", CallerTurn::When::answer_began},
                               {"greeting ended", CallerTurn::When::answer_ended},
                               {"answer began", CallerTurn::When::answer_began},
                               {"answer ended", CallerTurn::When::answer_ended},
                               {"spoken", CallerTurn::When::spoken},
                               {"at", CallerTurn::When::at}};

base::Result<CallerTurn> parse_turn(const json& entry, const std::string& where,
                                    const std::string& folder, Speech& speech) {
    if (auto ok = refuse_unknown(
            entry, {"when", "after_ms", "say", "wav", "dtmf", "hangup", "expect_answer"}, where);
        !ok) {
        return ok.error();
    }
    try {
        CallerTurn turn;
        const std::string when = entry.value("when", "answer ended");
        const auto* known = std::find_if(std::begin(k_when), std::end(k_when),
                                         [&](const WhenName& w) { return when == w.name; });
        if (known == std::end(k_when))
            return bad(where + ": when '" + when +
                       "' is not one of greeting began, greeting ended, answer began, answer "
                       "ended, spoken, at");
        turn.when = known->when;
        turn.after_ms = entry.value("after_ms", 500);
        turn.text = entry.value("say", "");
        turn.dtmf = entry.value("dtmf", "");
        turn.hangup = entry.value("hangup", false);
        const std::string wav = entry.value("wav", "");
        if (!turn.text.empty() || !wav.empty()) {
            const auto path = std::filesystem::path(folder) / wav;
            auto audio = turn.text.empty() ? Speech::load(path.string()) : speech.say(turn.text);
            if (!audio) return audio.error();
            turn.audio = std::move(*audio);
            if (turn.text.empty()) turn.text = wav;
        }
        turn.expect_answer = entry.value("expect_answer", !turn.audio.empty());
        const bool something = !turn.audio.empty() || !turn.dtmf.empty() || turn.hangup;
        if (!something) return bad(where + ": nothing to do; want say, wav, dtmf or hangup");
        if (turn.dtmf.find_first_not_of("0123456789*#ABCD") != std::string::npos)
            return bad(where + ": dtmf '" + turn.dtmf + "'");
        return turn;
    } catch (const json::exception& e) {
        return bad(where + ": " + e.what());
    }
}

CallerTurn hang_up() {
    CallerTurn turn;
    turn.hangup = true;
    turn.expect_answer = false;
    return turn;
}

}  // namespace

base::Result<CallerScript> parse_caller_script(const json& document, const std::string& folder,
                                               Speech& speech) {
    if (auto ok = refuse_unknown(document, {"turns"}, "script"); !ok) return ok.error();
    if (!document.contains("turns") || !document["turns"].is_array())
        return bad("script: 'turns' is not a list");
    CallerScript script;
    for (const auto& entry : document["turns"]) {
        auto turn = parse_turn(entry, "turn " + std::to_string(script.size() + 1), folder, speech);
        if (!turn) return turn.error();
        script.push_back(std::move(*turn));
    }
    if (script.empty() || !script.back().hangup) script.push_back(hang_up());
    return script;
}

base::Result<CallerScript> default_caller_script(Speech& speech) {
    static const json k_script = json::parse(R"({"turns": [
        {"when": "greeting ended", "after_ms": 300, "say": "There is a fire in the kitchen at twelve Main Street."},
        {"when": "answer ended", "after_ms": 400, "say": "Yes, everybody is out of the house."},
        {"when": "answer began", "after_ms": 1500, "say": "Wait, my neighbour is still inside!"},
        {"when": "answer ended", "after_ms": 600, "hangup": true}]})");
    return parse_caller_script(k_script, ".", speech);
}

base::Result<CallerScript> caller_script_of(const std::vector<std::string>& texts,
                                            const std::vector<std::string>& wavs, Speech& speech) {
    json turns = json::array();
    for (const auto& text : texts) turns.push_back({{"say", text}});
    for (const auto& wav : wavs) turns.push_back({{"wav", wav}});
    return parse_caller_script({{"turns", turns}}, ".", speech);
}

}  // namespace holdfast::sim
