#include "dispatch/life.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <map>

namespace holdfast::dispatch {
namespace {

constexpr std::string_view k_middle = ":dispatch:";
constexpr std::size_t k_number_digits_max = 6;

std::optional<Content> content_of(std::string_view word) {
    for (const Content content : {Content::proposed, Content::approved, Content::rejected}) {
        if (word == to_string(content)) return content;
    }
    return std::nullopt;
}

}  // namespace

std::string Id::str() const { return call.str() + std::string(k_middle) + std::to_string(number); }

std::optional<Id> Id::parse(std::string_view text) {
    const auto middle = text.find(k_middle);
    if (middle == std::string_view::npos) return std::nullopt;
    const auto call = base::CallSid::parse(text.substr(0, middle));
    const auto digits = text.substr(middle + k_middle.size());
    if (!call || digits.size() > k_number_digits_max || digits.substr(0, 1) == "0") return std::nullopt;
    const auto number = base::parse_decimal(digits);
    if (!number || *number < 1) return std::nullopt;
    return Id{*call, *number};
}

std::optional<Mode> mode_of(std::string_view word) {
    if (word == "advise") return Mode::advise;
    if (word == "approve") return Mode::approve;
    if (word == "automatic") return Mode::automatic;
    return std::nullopt;
}

const char* to_string(Content content) {
    switch (content) {
        case Content::proposed: return "proposed";
        case Content::approved: return "approved";
        case Content::rejected: return "rejected";
    }
    return "proposed";
}

int revision(Content content) { return static_cast<int>(content) + 1; }

Content Life::content() const {
    if (rejected) return Content::rejected;
    return approved ? Content::approved : Content::proposed;
}

const char* Life::state() const {
    if (acknowledged) return "acknowledged";
    if (rejected) return "rejected";
    if (superseded) return "superseded";
    if (undeliverable == content()) return "undeliverable";
    if (sent == content()) return "sent";
    return approved ? "approved" : "proposed";
}

void Life::take(const store::Dispatch& step) {
    changed_utc_ms = step.utc_ms;
    const auto by_whom = [&] { by = step.actor; };
    if (step.state == "proposed") proposal = step;
    else if (step.state == "approved") approved = true, by_whom();
    else if (step.state == "acknowledged") acknowledged = true, by_whom();
    else if (step.state == "rejected") rejected = true, reason = step.reason, by_whom();
    else if (step.state == "superseded") superseded = true;
    else if (step.state == "sent") sent = content_of(step.reason);
    else if (step.state == "undeliverable") undeliverable = content();
}

std::vector<Life> lives(const std::vector<store::DispatchRow>& steps) {
    std::vector<Life> all;
    std::map<Id, std::size_t> places;
    for (const auto& row : steps) {
        const Id id{row.dispatch.call, row.dispatch.number};
        auto place = places.find(id);
        if (place == places.end()) {
            if (row.dispatch.state != "proposed") continue;
            place = places.emplace(id, all.size()).first;
            all.emplace_back();
        }
        all[place->second].take(row.dispatch);
    }
    return all;
}

const char* may_approve(const Life& life, Mode mode) {
    if (life.acknowledged || life.rejected || life.superseded) return life.state();
    if (life.approved) return "approved";
    return mode == Mode::advise ? "advise" : nullptr;
}

const char* may_reject(const Life& life) {
    if (life.acknowledged || life.rejected || life.superseded) return life.state();
    return life.approved ? "approved" : nullptr;
}

const char* may_acknowledge(const Life& life) {
    return life.acknowledged || life.rejected || life.superseded ? life.state() : nullptr;
}

}  // namespace holdfast::dispatch
