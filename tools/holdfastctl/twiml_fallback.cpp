#include "holdfastctl/twiml_fallback.hpp"

#include "config/yaml_loader.hpp"
#include "holdfastctl/print.hpp"
#include "twilio/twiml.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <ostream>
#include <utility>
#include <vector>

namespace holdfast::ctl {
namespace {

// twilio.md 1.4. The box is given up within seconds; behind the fallback there is nothing more.
constexpr const char* k_box_overrides = "#ct=1500&rt=3000&rc=1&rp=all";
constexpr const char* k_fallback_overrides = "#ct=2000&rt=4000&rc=2&rp=all";
constexpr const char* k_elsewhere = "https://HOST-AWAY-FROM-THIS-BOX/fallback.xml";
constexpr const char* k_box_unknown = "https://THIS-BOX";

// A secret that is not at hand is no reason to refuse a document that holds none.
config::Environment without_secrets() {
    auto environment = config::Environment::process();
    environment.getenv = [real = environment.getenv](const char* name) {
        auto value = real(name);
        return value ? value : std::string("not-needed");
    };
    return environment;
}

using Settings = std::vector<std::pair<std::string, std::string>>;

Settings settings_for(const std::string& base_url) {
    const std::string box = base_url.empty() ? k_box_unknown : base_url;
    return {{"VoiceUrl", twilio_voice_url(box)},
            {"VoiceMethod", "POST"},
            {"VoiceFallbackUrl", std::string(k_elsewhere) + k_fallback_overrides},
            {"VoiceFallbackMethod", "GET"},
            {"StatusCallback", box + "/api/webhooks/status"},
            {"StatusCallbackMethod", "POST"}};
}

std::vector<std::string> notes_for(const config::Config& config) {
    std::vector<std::string> notes;
    notes.emplace_back("keep the document where this site's power and line do not matter: a TwiML Bin at Twilio, or a "
                       "static page; then put its address into VoiceFallbackUrl, with what stands behind the #");
    if (config.listen.public_.base_url.empty()) {
        notes.emplace_back("listen.public.base_url is not set: put the address of the box into VoiceUrl and StatusCallback");
    }
    return notes;
}

std::string as_json(const std::string& document, const Settings& settings, const std::vector<std::string>& notes) {
    nlohmann::ordered_json values;
    for (const auto& [name, value] : settings) values[name] = value;
    const nlohmann::ordered_json all{{"twiml", document}, {"settings", values}, {"notes", notes}};
    return all.dump() + "\n";
}

std::string as_text(const std::string& document, const Settings& settings, const std::vector<std::string>& notes,
                    const Look& look) {
    std::string out = paint(look, Paint::strong, "The document:") + "\n\n" + document + "\n\n" +
                      paint(look, Paint::strong, "Settings of the number:") + "\n\n";
    for (const auto& [name, value] : settings) out += "  " + pad(name, 22) + value + "\n";
    out += "\n";
    for (const auto& note : notes) {
        for (const auto& line : wrap(note, k_columns)) out += line + "\n";
    }
    return out;
}

}  // namespace

std::string twilio_voice_url(const std::string& base_url) { return base_url + "/api/webhooks/voice" + k_box_overrides; }

CLI::App* declare_twiml_fallback(CLI::App& twiml, TwimlFallback& options) {
    auto* fallback = twiml.add_subcommand("fallback", "Print the document for Twilio's fallback URL, and what to set there");
    fallback->add_option("--config", options.config, "The configuration")->capture_default_str();
    fallback->fallthrough();
    return fallback;
}

int twiml_fallback_command(const Session& session, const TwimlFallback& options) {
    const auto loaded = config::load_file(options.config, without_secrets());
    if (!loaded.config) {
        Checked checked{options.config, "configuration", {}, {}, {}};
        for (const auto& problem : loaded.problems) {
            checked.findings.push_back({problem.file, problem.line, problem.column, problem.key, problem.problem, problem.expected});
        }
        session.err << print_checked(checked, session.look);
        return k_exit_not_good;
    }
    const auto& person = loaded.config->person;
    if (person.number.empty()) {
        session.err << "holdfastctl: person.number is not set: there is nobody whom the document could dial\n";
        return k_exit_not_good;
    }
    twilio::PersonVerbs verbs;
    verbs.sentence = twilio::k_person_sentence;
    verbs.number = person.number;
    verbs.caller_id = person.caller_id;
    verbs.timeout_s = static_cast<int>(person.timeout.count());
    const auto document = twilio::fallback_document(verbs);
    const auto settings = settings_for(loaded.config->listen.public_.base_url);
    const auto notes = notes_for(*loaded.config);
    session.out << (session.options.json ? as_json(document, settings, notes)
                                         : as_text(document, settings, notes, session.look))
                << std::flush;
    return k_exit_ok;
}

}  // namespace holdfast::ctl
