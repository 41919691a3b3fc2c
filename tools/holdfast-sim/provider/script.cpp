#include "provider/script.hpp"

#include "document.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>

namespace holdfast::sim {
namespace {

using nlohmann::json;

base::Error bad(std::string detail) {
    return base::make_error(base::Condition::reject, "script", std::move(detail));
}

base::Result<std::vector<Spoken>> speak(const json& texts, Speech& speech,
                                        const std::string& where) {
    std::vector<Spoken> out;
    const json list = texts.is_array() ? texts : json::array({texts});
    for (const auto& text : list) {
        if (!text.is_string()) return bad(where + ": text expected");
        auto audio = speech.say(text.get<std::string>());
        if (!audio) return audio.error();
        out.push_back({text.get<std::string>(), std::move(*audio)});
    }
    return out;
}

base::Result<void> read_answers(const json& entry, const std::string& folder, Speech& speech,
                                const std::string& where, ProviderTurn& turn) {
    if (entry.contains("wav")) {
        auto audio = Speech::load(
            (std::filesystem::path(folder) / entry["wav"].get<std::string>()).string());
        if (!audio) return audio.error();
        turn.answers.push_back({entry.value("answer", ""), std::move(*audio)});
        return {};
    }
    const char* key = entry.contains("answers") ? "answers" : "answer";
    if (!entry.contains(key)) return {};
    auto answers = speak(entry[key], speech, where);
    if (!answers) return answers.error();
    turn.answers = std::move(*answers);
    return {};
}

base::Result<ProviderTurn> parse_turn(const json& entry, const std::string& where,
                                      const std::string& folder, Speech& speech) {
    if (auto ok = refuse_unknown(
            entry,
            {"hear", "answer", "answers", "wav", "tool", "then", "delay_ms", "transcript_delay_ms"},
            where);
        !ok) {
        return ok.error();
    }
    try {
        ProviderTurn turn;
        turn.hear = entry.value("hear", "");
        turn.delay_ms = entry.value("delay_ms", turn.delay_ms);
        turn.transcript_delay_ms = entry.value("transcript_delay_ms", turn.transcript_delay_ms);
        if (auto ok = read_answers(entry, folder, speech, where, turn); !ok) return ok.error();
        if (entry.contains("tool")) {
            if (auto ok = refuse_unknown(entry["tool"], {"name", "arguments"}, where + ": tool");
                !ok)
                return ok.error();
            const json arguments = entry["tool"].value("arguments", json::object());
            turn.tool = ScriptedTool{
                entry["tool"].at("name").get<std::string>(),
                arguments.is_string() ? arguments.get<std::string>() : arguments.dump()};
        }
        auto then = speak(entry.value("then", json::array()), speech, where + ": then");
        if (!then) return then.error();
        turn.then = std::move(*then);
        return turn;
    } catch (const json::exception& e) {
        return bad(where + ": " + e.what());
    }
}

constexpr const char* k_default = R"({
  "turns": [
    {"hear": "There is a fire in the kitchen at twelve Main Street.",
     "answer": "I understand, a fire at twelve Main Street. Is everybody out of the house?"},
    {"hear": "Yes, everybody is out of the house.",
     "answer": "I have that, everybody is out of the house. Tell me what you can see from where you are standing now: is there smoke, are there flames, and on which floor of the house is the fire?"},
    {"hear": "Wait, my neighbour is still inside!",
     "answer": "Your neighbour is still inside, I have that. On which floor?"}],
  "otherwise": {"hear": "Yes.", "answer": "I have noted that. Please go on."},
  "unasked": "Please tell me exactly where you are."})";

}  // namespace

base::Result<ProviderScript> parse_provider_script(const json& document, const std::string& folder,
                                                   Speech& speech) {
    if (auto ok = refuse_unknown(document, {"turns", "otherwise", "unasked", "files"}, "script"); !ok)
        return ok.error();
    static const json k_fallback = json::parse(k_default);
    ProviderScript script;
    for (const auto& entry : document.value("turns", json::array())) {
        auto turn =
            parse_turn(entry, "turn " + std::to_string(script.turns.size() + 1), folder, speech);
        if (!turn) return turn.error();
        script.turns.push_back(std::move(*turn));
    }
    auto otherwise = parse_turn(document.value("otherwise", k_fallback["otherwise"]), "otherwise",
                                folder, speech);
    if (!otherwise) return otherwise.error();
    script.otherwise = std::move(*otherwise);
    auto unasked = speak(document.value("unasked", k_fallback["unasked"]), speech, "unasked");
    if (!unasked) return unasked.error();
    script.unasked = std::move(*unasked);
    for (const auto& text : document.value("files", json::array())) {
        if (!text.is_string()) return bad("files: text expected");
        script.files.push_back(text.get<std::string>());
    }
    return script;
}

base::Result<ProviderScript> default_provider_script(Speech& speech) {
    return parse_provider_script(json::parse(k_default), ".", speech);
}

}  // namespace holdfast::sim
