#include "config/checks.hpp"

#include "config/keys.hpp"

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
        check_model("openai.model", c_.openai.model, k_models);
        check_model("openai.transcription_model", c_.openai.transcription_model,
                    k_transcription_models);
        check_timers();
        return std::move(findings_);
    }

  private:
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

    void check_timers() {
        if (!good({"openai.ping_interval_ms", "openai.ping_timeout_ms"})) return;
        if (c_.openai.ping_timeout >= c_.openai.ping_interval) return;
        problem("openai.ping_timeout_ms",
                "shorter than openai.ping_interval_ms: every session would be lost",
                "at least " + std::to_string(c_.openai.ping_interval.count()));
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
