#include "caller/continuation.hpp"

namespace holdfast::sim {
namespace {

constexpr int k_fetches_max = 5;

// A TwiML URL may be relative to the webhook.
std::string resolve(const net::Url& base, const std::string& url) {
    if (url.find("://") != std::string::npos) return url;
    const std::string root = base.scheme + "://" + base.host_header();
    if (!url.empty() && url[0] == '/') return root + url;
    return root + base.target.substr(0, base.target.rfind('/') + 1) + url;
}

}  // namespace

void Continuation::run(const XmlElement& response, std::size_t from) {
    for (std::size_t i = from; i < response.children.size(); ++i) {
        const XmlElement& verb = response.children[i];
        ending_.verbs.push_back(describe_verb(verb));
        if (verb.name == "Hangup" || verb.name == "Reject") return finish();
        if (verb.name == "Redirect") return fetch(verb.text, {});
        if (verb.name == "Dial") return dialled(verb, response, i + 1);
    }
    ending_.verbs.emplace_back("end of document");
    finish();
}

void Continuation::dialled(const XmlElement& dial, const XmlElement& response, std::size_t next) {
    const bool answered = options_.dial_status == "completed" || options_.dial_status == "answered";
    ++dials_;
    ending_.reached_person = ending_.reached_person || answered;
    if (const std::string* action = dial.attribute("action")) {
        return fetch(*action, {{"DialCallStatus", options_.dial_status},
                               {"DialCallSid", "CA00000000000000000000000000000002"}});
    }
    if (answered)
        return finish();  // what runs after a conversation with a person is not our matter
    run(response, next);
}

void Continuation::fetch(const std::string& url, const twilio::Params& extra) {
    const auto parsed = net::parse_url(resolve(options_.webhook, url));
    if (!parsed || ++fetches_ > k_fetches_max) {
        ending_.error = parsed ? "11215" : "11100";
        return finish();
    }
    webhook_.post(*parsed, "in-progress", extra, [this](TwimlAnswer answer) {
        if (!answer.error_code.empty()) {
            ending_.error = answer.error_code;
            ending_.verbs.push_back("error " + answer.error_code + " " + answer.detail);
            return finish();
        }
        run(answer.twiml, 0);
    });
}

void Continuation::finish() {
    done_(std::move(ending_));
}

}  // namespace holdfast::sim
