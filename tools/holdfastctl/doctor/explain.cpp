#include "holdfastctl/doctor/explain.hpp"

#include "config/keys.hpp"
#include "holdfastctl/print.hpp"
#include "holdfastctl/table.hpp"
#include "ladder/ladder.hpp"
#include "net/url.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <ostream>
#include <string_view>
#include <utility>

namespace holdfast::ctl {
namespace {

using Json = nlohmann::ordered_json;

// Output of this program is pasted into tickets: a telephone number does not belong there.
bool holds_numbers(std::string_view key) { return key == "person.number" || key == "person.caller_id" || key == "twilio.numbers"; }

std::string shown(const config::Key& key, const config::Config& config) {
    if (key.path == "twilio.numbers") return std::to_string(config.twilio.numbers.size()) + " set";
    const auto text = config::render(key, config);
    return holds_numbers(key.path) && text != "\"\"" ? "set" : text;
}

// As the daemon judges it (app/voices.cpp).
bool has_access(const std::string& url_text, const base::Secret& key) {
    const auto url = net::parse_url(url_text);
    return !key.reveal().empty() || (url && !url->secure());
}

std::vector<ExplainedRung> rungs_of(const config::Config& config) {
    const ladder::Access access{has_access(config.openai.url, config.credentials.openai_api_key),
                                has_access(config.elevenlabs.url, config.credentials.elevenlabs_api_key)};
    const auto settings = ladder::make_settings(config, access);
    std::vector<ExplainedRung> rungs;
    for (const auto& name : config.ladder.rungs) {
        const auto skipped = std::find_if(settings.skipped.begin(), settings.skipped.end(),
                                          [&name](const ladder::Skipped& one) { return name == ladder::to_string(one.rung); });
        const bool nobody = name == "person" && config.person.number.empty();
        rungs.push_back({name, skipped != settings.skipped.end() ? skipped->reason : nobody ? "no_number" : ""});
    }
    for (const auto& name : config::Config().ladder.rungs) {
        const auto& listed = config.ladder.rungs;
        if (std::find(listed.begin(), listed.end(), name) == listed.end()) rungs.push_back({name, "not_listed"});
    }
    return rungs;
}

std::string sentence_for(std::string_view why) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> k_sentences{{
        {"no_api_key", "skipped: its provider's key is not there"},
        {"disabled", "skipped: elevenlabs.realtime.enabled is false"},
        {"no_agent", "skipped: elevenlabs.agent.id is not set (holdfastctl elevenlabs agent create)"},
        {"no_number", "skipped: person.number is not set"},
        {"not_listed", "skipped: ladder.rungs does not name it"},
    }};
    for (const auto& [word, sentence] : k_sentences) {
        if (word == why) return std::string(sentence);
    }
    return "callers get it";
}

std::vector<std::string> people_of(const config::Config& config) {
    std::vector<std::string> people;
    const auto& person = config.person;
    if (person.number.empty()) {
        people.emplace_back("person.number is not set: a caller who asks for a person, or for whom nothing else is left, reaches nobody");
    } else {
        people.push_back("who asks for a person, or for whom nothing else is left, is put through to person.number, which rings for " +
                         std::to_string(person.timeout.count()) + " s");
        people.emplace_back(person.caller_id.empty() ? "people see the caller's own number"
                            : "people see the number of person.caller_id, not the caller's");
        people.emplace_back("who picks up hears in one sentence what is known before the caller is put through");
    }
    if (config.dispatch.mode == "automatic") people.emplace_back("dispatches go to the CAD by themselves (dispatch.mode: automatic)");
    else if (config.dispatch.mode == "approve")
        people.emplace_back("dispatches wait for somebody to approve them: in the console, or holdfastctl incidents (dispatch.mode: approve)");
    else people.emplace_back("dispatches are shown and go nowhere (dispatch.mode: " + config.dispatch.mode + ")");
    people.emplace_back(config.dispatch.webhook.url.empty() ? "no CAD is told: dispatch.webhook.url is not set"
                        : "the CAD at dispatch.webhook.url is told of what is approved");
    people.emplace_back(config.credentials.mongodb_uri.reveal().empty()
                        ? "the agency's database gets nothing: there is no credential mongodb_uri"
                                                                        : "the agency's database gets what is in the journal");
    people.emplace_back(config.recording.enabled ? "live calls are recorded"
                        : "live calls are not recorded (recording.enabled); what recorded prompts take down always is");
    people.emplace_back(config.credentials.master_key.reveal().empty()
                        ? "what callers say is stored in clear: there is no credential master_key"
                                                                       : "what callers say is stored sealed");
    return people;
}

Json as_json(const Explained& explained) {
    Json changed = Json::array();
    for (const auto& one : explained.changed) changed.push_back({{"key", one.key}, {"value", one.value}, {"default", one.standard}});
    Json rungs = Json::array();
    for (const auto& one : explained.rungs) {
        rungs.push_back({{"rung", one.rung}, {"used", one.why_not.empty()}, {"why_not", one.why_not}});
    }
    return {{"changed", std::move(changed)}, {"rungs", std::move(rungs)}, {"people", explained.people}};
}

}  // namespace

Explained explain(const config::Config& config) {
    Explained explained;
    const config::Config defaults;
    for (const auto& key : config::keys()) {
        if (config::render(key, config) == config::render(key, defaults)) continue;
        explained.changed.push_back({std::string(key.path), shown(key, config), shown(key, defaults)});
    }
    explained.rungs = rungs_of(config);
    explained.people = people_of(config);
    return explained;
}

std::string print_explained(const Explained& explained, const Look& look) {
    std::string out = paint(look, Paint::strong, "Settings that differ from the defaults") + "\n";
    Table settings({"KEY", "VALUE"}, Last::wrap);
    for (const auto& one : explained.changed) {
        settings.add({printable(one.key), printable(one.value) + " (default " + printable(one.standard) + ")"});
    }
    out += explained.changed.empty() ? "  none\n" : settings.str(look, "  ");
    out += "\n" + paint(look, Paint::strong, "What callers get, best first") + "\n";
    Table rungs({"RUNG", ""}, Last::wrap);
    for (const auto& one : explained.rungs) rungs.add({printable(one.rung), sentence_for(one.why_not)});
    out += rungs.str(look, "  ");
    out += "\n" + paint(look, Paint::strong, "What people see and do") + "\n";
    for (const auto& sentence : explained.people) {
        bool first = true;
        for (const auto& line : wrap(sentence, k_columns - 4)) out += (std::exchange(first, false) ? "  - " : "    ") + line + "\n";
    }
    return out + "\n";
}

void declare_explain(CLI::App& check, doctor::Installed& installed) {
    check.add_option("--config", installed.config, "The installed configuration, without FILE")->capture_default_str();
    check.add_option("--credentials", installed.credentials, "Folder with the secrets, as holdfast.NAME, without FILE")
        ->capture_default_str();
}

int explain_command(const Session& session, const doctor::Installed& installed) {
    auto loaded = doctor::load_installed(installed);
    Checked checked{installed.config, "configuration", {}, std::move(loaded.result.notes), {}};
    for (auto& problem : loaded.result.problems) {
        checked.findings.push_back({std::move(problem.file), problem.line, problem.column, std::move(problem.key),
                                    std::move(problem.problem),
                                    std::move(problem.expected)});
    }
    if (!loaded.secrets_seen) checked.notes.push_back(installed.credentials
                                                      + " is closed to this user: every secret counts as missing (run it as root)");
    const auto explained = loaded.result.config ? explain(*loaded.result.config) : Explained();
    if (session.options.json) {
        auto document = Json::parse(checked_json(checked));
        document.update(as_json(explained));
        session.out << document.dump(-1, ' ', true, Json::error_handler_t::replace) << "\n" << std::flush;
    } else {
        if (loaded.result.config) session.out << print_explained(explained, session.look);
        session.out << print_checked(checked, session.look) << std::flush;
    }
    return checked.good() ? k_exit_ok : k_exit_not_good;
}

}  // namespace holdfast::ctl
