#include "http/status_words.hpp"

namespace holdfast::http {
namespace {

void add(std::string& list, const std::string& word, const char* between) {
    if (!list.empty()) list += between;
    list += word;
}

}  // namespace

StatusWords status_words(const DaemonStatus& status, std::int64_t now_utc_ms) {
    std::string down, degraded;
    for (const Part& part : parts_of(status, now_utc_ms)) {
        // A drain is an order, not a fault.
        if (part.state == PartState::ok || part.name == "draining") continue;
        add(part.state == PartState::down ? down : degraded, std::string(part.name) + " " + part.detail, ", ");
    }
    StatusWords words;
    if (!down.empty()) words.judgement = "NOT READY: " + down;
    if (status.draining) add(words.judgement, "draining", "; ");
    if (!degraded.empty()) add(words.judgement, "degraded: " + degraded, "; ");
    words.figures = std::to_string(status.calls_active) + (status.calls_active == 1 ? " call" : " calls");
    if (!status.voice.provider.empty()) words.figures += ", " + status.voice.provider;
    if (status.sync.state != "off") words.figures += ", " + std::to_string(status.sync.rows_waiting) + " to sync";
    words.figures += ", store " + std::string(store::to_string(status.store.health));
    return words;
}

}  // namespace holdfast::http
