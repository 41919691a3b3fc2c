#include "config/checks.hpp"

#include "config/keys.hpp"
#include "config/limits.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace holdfast::config {
namespace {

struct UrlParts {
    std::string_view scheme;  // as written
    std::string_view host;    // without brackets
    std::string_view port;    // digits, empty: none
    std::string_view rest;    // path, query and fragment
    bool user_info = false;
};

bool is_host(std::string_view host) {
    return !host.empty() && host.size() <= 253 &&
           std::all_of(host.begin(), host.end(), [](unsigned char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '-' || c == '.';
           });
}

bool is_port(std::string_view port) {
    const auto number = base::parse_decimal(port);
    return port.size() <= 5 && number && *number >= 1 && *number <= 65'535;
}

// nullopt when `text` is not scheme://host[:port][rest] at all.
std::optional<UrlParts> split_url(std::string_view text) {
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return std::nullopt;
    UrlParts url;
    url.scheme = text.substr(0, scheme_end);
    text.remove_prefix(scheme_end + 3);
    const auto authority_end = std::min(text.find_first_of("/?#"), text.size());
    std::string_view authority = text.substr(0, authority_end);
    url.rest = text.substr(authority_end);
    url.user_info = authority.find('@') != std::string_view::npos;
    authority.remove_prefix(url.user_info ? authority.rfind('@') + 1 : 0);
    if (!authority.empty() && authority.front() == '[') {
        const auto end = authority.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        url.host = authority.substr(1, end - 1);
        authority.remove_prefix(end + 1);
        if (url.host.find(':') == std::string_view::npos) return std::nullopt;
    } else {
        const auto end = std::min(authority.find(':'), authority.size());
        url.host = authority.substr(0, end);
        authority.remove_prefix(end);
        if (!is_host(url.host)) return std::nullopt;
    }
    if (authority.empty()) return url;
    url.port = authority.substr(1);
    return authority.front() == ':' && is_port(url.port) ? std::optional<UrlParts>(url)
                                                         : std::nullopt;
}

bool is_loopback_host(std::string_view host) {
    return base::equal_ignoring_case(host, "localhost") || is_loopback_address(host);
}

// Names that the provider has switched off, or said when it will (openai-realtime.md 2.4 and 4.4).
struct Model {
    std::string_view name;
    bool prefix;           // every name that begins so
    std::string_view end;  // empty: gone already
    std::string_view successor;
};

constexpr std::array<Model, 6> k_models{{
    {"gpt-4o-mini-realtime-preview", true, "", "gpt-realtime-2.1-mini"},
    {"gpt-4o-realtime-preview", true, "", "gpt-realtime-2.1"},
    {"gpt-realtime-mini-2025-10-06", false, "", "gpt-realtime-2.1-mini"},
    {"gpt-realtime-mini", true, "2027-01-20", "gpt-realtime-2.1-mini"},
    {"gpt-realtime-2025-08-28", false, "2027-01-20", "gpt-realtime-2.1"},
    {"gpt-realtime", false, "2027-01-20", "gpt-realtime-2.1"},
}};

constexpr std::array<Model, 3> k_transcription_models{{
    {"gpt-4o-mini-transcribe", true, "2027-02-26", "gpt-transcribe"},
    {"gpt-4o-transcribe", true, "2027-02-26", "gpt-transcribe"},
    {"whisper-1", false, "2027-02-26", "gpt-transcribe"},
}};

class Checker {
  public:
    Checker(const Config& config, const std::set<std::string, std::less<>>& bad)
        : c_(config), bad_(bad) {}

    std::vector<Finding> run() {
        check_public();
        check_base_url();
        check_admin();
        check_twilio();
        check_provider_url();
        check_service_url("elevenlabs.url", c_.elevenlabs.url,
                          "a URL such as https://api.elevenlabs.io", Sockets::allowed);
        check_service_url("twilio.api_url", c_.twilio.api_url,
                          "a URL such as https://api.twilio.com", Sockets::refused);
        check_rungs();
        check_uplink();
        check_person();
        check_dispatch();
        check_model("openai.model", c_.openai.model, k_models);
        check_model("openai.transcription_model", c_.openai.transcription_model,
                    k_transcription_models);
        check_timers();
        return std::move(findings_);
    }

  private:
    enum class Sockets { allowed, refused };  // whether ws:// and wss:// mean the same host

    // A list with a bad item is bad, whatever its other items are.
    bool good_list(std::string_view key) const {
        const auto first = bad_.lower_bound(key);
        return first == bad_.end() || first->compare(0, key.size(), key) != 0;
    }

    bool good(std::initializer_list<std::string_view> keys) const {
        return std::none_of(keys.begin(), keys.end(),
                            [&](auto key) { return bad_.find(key) != bad_.end(); });
    }

    void problem(const char* key, std::string text, std::string expected) {
        findings_.push_back({Finding::Kind::problem, key, std::move(text), std::move(expected)});
    }

    void note(const char* key, std::string text) {
        findings_.push_back({Finding::Kind::note, key, std::move(text), {}});
    }

    void need_file(const char* key, const std::string& value) {
        if (value.empty() && good({key}))
            problem(key, "missing, but tls is true", "the path of a PEM file");
    }

    void check_public() {
        const auto& listen = c_.listen.public_;
        if (!good({"listen.public.tls", "listen.public.address"})) return;
        if (listen.tls) {
            need_file("listen.public.certificate", listen.certificate);
            need_file("listen.public.private_key", listen.private_key);
        } else if (!is_loopback_address(listen.address)) {
            note("listen.public.tls",
                 "calls arrive in clear: something else must end TLS in front of this box");
        }
    }

    void check_base_url() {
        static constexpr char k_key[] = "listen.public.base_url";
        static constexpr char k_form[] = "a URL such as https://edge.psap.example";
        const auto& listen = c_.listen.public_;
        if (listen.base_url.empty() || !good({k_key})) return;
        const auto url = split_url(listen.base_url);
        if (!url || (url->scheme != "https" && url->scheme != "http")) {
            return problem(k_key, "not an https URL", k_form);
        }
        if (url->scheme == "http" && listen.tls && good({"listen.public.tls"})) {
            problem(k_key, "http:// although listen.public.tls is true", k_form);
        }
        if (url->user_info) problem(k_key, "a user name is not allowed in it", k_form);
        if (!url->rest.empty())
            problem(k_key, "nothing may stand behind the host and port, not even a slash", k_form);
        if (std::any_of(url->host.begin(), url->host.end(),
                        [](char c) { return c >= 'A' && c <= 'Z'; })) {
            problem(k_key, "the host must be in lower case, as Twilio signs it", k_form);
        }
        if (!url->port.empty() && url->port != "443" && !is_loopback_host(url->host)) {
            note(k_key, "port 443 is recommended: Twilio signs other ports in more than one form");
        }
    }

    void check_admin() {
        const auto& admin = c_.listen.admin;
        if (good({"listen.admin.address"}) && !is_loopback_address(admin.address)) {
            problem("listen.admin.address",
                    "not a loopback address, and the admin listener has no accounts",
                    "127.0.0.1 or \"::1\"; reach it from elsewhere through an SSH tunnel");
        }
        if (!admin.tls || !good({"listen.admin.tls"})) return;
        need_file("listen.admin.certificate", admin.certificate);
        need_file("listen.admin.private_key", admin.private_key);
    }

    void check_twilio() {
        if (c_.twilio.verify_signature ||
            !good({"twilio.verify_signature", "listen.public.address"}))
            return;
        if (is_loopback_address(c_.listen.public_.address)) {
            note("twilio.verify_signature",
                 "requests are not checked: anybody on this machine can start calls");
        } else {
            problem("twilio.verify_signature",
                    "false while listen.public.address is not a loopback address", "true");
        }
    }

    void check_provider_url() {
        static constexpr char k_key[] = "openai.url";
        static constexpr char k_form[] = "a URL such as wss://api.openai.com/v1/realtime";
        if (!good({k_key})) return;
        const auto url = split_url(c_.openai.url);
        if (!url || (url->scheme != "wss" && url->scheme != "ws"))
            return problem(k_key, "not a wss URL", k_form);
        if (url->scheme == "ws" && !is_loopback_host(url->host)) {
            problem(k_key, "ws:// is allowed to this machine only", k_form);
        }
        if (url->user_info) problem(k_key, "a user name is not allowed in it", k_form);
        if (url->rest.find('#') != std::string_view::npos)
            problem(k_key, "a fragment is not allowed in it", k_form);
        if (url->rest.find("model=") != std::string_view::npos) {
            problem(k_key, "the model is a key of its own", "openai.model, and no model= here");
        }
    }

    // A service with paths of its own behind the host.
    void check_service_url(const char* key, const std::string& text, const char* form,
                           Sockets sockets) {
        if (!good({key})) return;
        const auto url = split_url(text);
        const bool socket = url && (url->scheme == "wss" || url->scheme == "ws");
        const bool page = url && (url->scheme == "https" || url->scheme == "http");
        if (!page && !(socket && sockets == Sockets::allowed))
            return problem(key, "not an https URL", form);
        const bool clear = url->scheme == "http" || url->scheme == "ws";
        if (clear && !is_loopback_host(url->host))
            problem(key, std::string(url->scheme) + ":// is allowed to this machine only", form);
        if (url->user_info) problem(key, "a user name is not allowed in it", form);
        if (!url->rest.empty())
            problem(key, "nothing may stand behind the host and port, not even a slash", form);
    }

    // The last two rungs need neither provider nor internet: no list may lose or bury them.
    void check_rungs() {
        static constexpr char k_key[] = "ladder.rungs";
        if (!good_list(k_key)) return;
        const auto& rungs = c_.ladder.rungs;
        for (auto rung = rungs.begin(); rung != rungs.end(); ++rung) {
            if (std::find(rungs.begin(), rung, *rung) == rung) continue;
            return problem(k_key, *rung + " stands in it twice", "each rung at most once");
        }
        const bool ends_well = rungs.size() >= 2 && rungs[rungs.size() - 2] == "canned" &&
                               rungs.back() == "person";
        if (!ends_well)
            problem(k_key, "canned and person cannot be removed and stay last",
                    "a list that ends with canned, person");
    }

    void check_uplink() {
        const auto too_narrow = [&](const char* key, int kbps) {
            if (!good({key}) || kbps == 0 || kbps >= limits::call_kbps) return;
            note(key, "less than the " + std::to_string(limits::call_kbps) +
                          " kbit/s of one call: every caller goes straight to a person");
        };
        too_narrow("uplink.up_kbps", c_.uplink.up_kbps);
        too_narrow("uplink.down_kbps", c_.uplink.down_kbps);
    }

    void check_person() {
        if (c_.person.number.empty() && good({"person.number", "listen.public.address"}) &&
            !is_loopback_address(c_.listen.public_.address)) {
            problem("person.number", "missing: the last rung of the ladder would reach nobody",
                    "a number such as +15550100123");
        }
        if (good_list("person.words") && c_.person.words.size() > limits::person_words_max) {
            problem("person.words", "too many: each is looked for in everything a caller says",
                    "at most " + std::to_string(limits::person_words_max));
        }
    }

    void check_dispatch() {
        static constexpr char k_url[] = "dispatch.webhook.url";
        static constexpr char k_form[] = "a URL such as https://cad.psap.example/dispatches";
        const auto& dispatch = c_.dispatch;
        if (good({k_url}) && !dispatch.webhook.url.empty()) {
            const auto url = split_url(dispatch.webhook.url);
            if (!url || (url->scheme != "https" && url->scheme != "http")) {
                problem(k_url, "not an https URL", k_form);
            } else {
                if (url->scheme == "http" && !is_loopback_host(url->host))
                    problem(k_url, "http:// is allowed to this machine only", k_form);
                if (url->user_info) problem(k_url, "a user name is not allowed in it", k_form);
                if (url->rest.find('#') != std::string_view::npos) problem(k_url, "a fragment is not allowed in it", k_form);
            }
        }
        if (good({"dispatch.mode", "dispatch.automatic_confirmed", k_url}) && dispatch.mode == "automatic") {
            if (!dispatch.automatic_confirmed) {
                problem("dispatch.mode", "automatic, and nobody has confirmed that this is wanted",
                        "dispatch.automatic_confirmed: true, or another mode");
            }
            if (dispatch.webhook.url.empty()) {
                problem("dispatch.mode", "automatic, and there is no CAD that could accept",
                        "dispatch.webhook.url, or another mode");
            }
        }
        if (good_list("dispatch.tripwires") && dispatch.tripwires.size() > limits::person_words_max) {
            problem("dispatch.tripwires", "too many: each is looked for in everything a caller says",
                    "at most " + std::to_string(limits::person_words_max));
        }
    }

    template <std::size_t N>
    void check_model(const char* key, const std::string& name, const std::array<Model, N>& table) {
        const auto known = std::find_if(table.begin(), table.end(), [&](const Model& model) {
            return model.prefix ? name.rfind(model.name, 0) == 0 : name == model.name;
        });
        if (known == table.end() || !good({key})) return;
        if (known->end.empty()) {
            problem(key, "this model has been retired", std::string(known->successor));
        } else {
            note(key, "the provider ends this model on " + std::string(known->end) +
                          "; its successor is " + std::string(known->successor));
        }
    }

    // `key` must be at least `least`, the value of `other`; `why` says what else would happen.
    template <class Duration>
    void check_order(const char* key, Duration value, const char* other, Duration least,
                     const char* why) {
        if (!good({key, other}) || value >= least) return;
        problem(key, std::string("shorter than ") + other + ": " + why,
                "at least " + std::to_string(least.count()));
    }

    void check_timers() {
        check_order("openai.ping_timeout_ms", c_.openai.ping_timeout, "openai.ping_interval_ms",
                    c_.openai.ping_interval, "every session would be lost");
        const auto& ladder = c_.ladder;
        check_order("ladder.answer_timeout_ms", ladder.answer_timeout, "ladder.filler_after_ms",
                    ladder.filler_after, "no filler would ever play");
        check_order("ladder.second_loss_window_ms", ladder.second_loss_window,
                    "ladder.replace_within_ms", ladder.replace_within,
                    "a session could be replaced for ever");
        check_order("ladder.silence_person_s", ladder.silence_person, "ladder.silence_prompt_s",
                    ladder.silence_prompt, "the caller would never be asked");
    }

    const Config& c_;
    const std::set<std::string, std::less<>>& bad_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check(const Config& config, const std::set<std::string, std::less<>>& bad) {
    return Checker(config, bad).run();
}

bool is_loopback_url(std::string_view url) {
    const auto parts = split_url(url);
    return parts && is_loopback_host(parts->host);
}

}  // namespace holdfast::config
