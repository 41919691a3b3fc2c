#include "call/case_keeper.hpp"

#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <cmath>
#include <string>

namespace holdfast::call {
namespace {

constexpr log::Logger k_log{"incident"};

store::Fact fact_row(const incident::Fact& fact) {
    store::Fact row;
    row.offset_ms = fact.offset_ms;
    row.slot = incident::to_string(fact.slot);
    row.source = incident::to_string(fact.source);
    row.value = store::Text(fact.value);
    row.normal = store::Text(fact.normal);
    row.kind = fact.kind;
    row.known = fact.known;
    row.denied = fact.denied;
    row.confidence = std::lround(fact.confidence * 100);
    row.turn = fact.turn;
    row.begin = static_cast<std::int64_t>(fact.begin);
    row.end = static_cast<std::int64_t>(fact.end);
    return row;
}

}  // namespace

incident::Changes CaseKeeper::said(const store::Utterance& row) {
    if (row.failed) return {};
    if (row.speaker == store::Speaker::caller) return case_.caller_said(row.text.reveal(), row.item_id, row.start_ms);
    return case_.box_said(row.text.reveal(), row.end_ms);
}

bool CaseKeeper::acceptable(const voice::ModelReport& report) {
    if (report.type.empty()) return true;
    const auto type = incident::type_of(report.type);
    return type && incident::sends(*type);
}

incident::Changes CaseKeeper::reported(const voice::ModelReport& report, std::int64_t offset_ms) {
    return case_.reported({report.type, report.place}, report.call_id, offset_ms);
}

std::string CaseKeeper::answer() const {
    const incident::Picture& picture = case_.picture();
    const bool typed = picture.type != incident::Type::trouble;
    const char* place = !picture.place ? "missing" : picture.place->known ? "known" : "incomplete";
    return std::string(R"({"recorded":true,"type":)") + (typed ? "\"" + std::string(incident::code(picture.type)) + "\"" : "null") +
           R"(,"location":")" + place + R"(","dispatch":")" + dispatch_ + R"(","help_on_the_way":)" +
           (help_ ? "true}" : "false}");
}

CaseKeeper::Rows CaseKeeper::rows(const incident::Changes& changes, std::int64_t utc_ms, std::int64_t offset_ms, bool again) {
    Rows rows;
    for (const auto& fact : changes.facts) {
        store::Fact row = fact_row(fact);
        row.call = call_;
        row.utc_ms = utc_ms;
        rows.facts.push_back(std::move(row));
    }
    const incident::Picture& picture = case_.picture();
    const bool known = picture.place && picture.place->known;
    if (changes.type_first && !again) {
        k_log.info("type detected", call_, {{"type", incident::code(picture.type)}, {"priority", picture.priority}});
    }
    if (changes.place_first && !again) {
        k_log.info("location detected", call_, {{"kind", incident::to_string(picture.place->kind)}});
    }
    if (changes.life_threat && !again) {
        metrics::tripwire_total.add();
        k_log.warning("life threat in the caller's words", call_, {{"type", incident::code(picture.type)}, {"priority", picture.priority}});
    }
    if (changes.question && !again) k_log.info("question counted", call_, {{"questions", picture.questions}});
    if (changes.picture) {
        store::Incident row;
        row.call = call_;
        row.utc_ms = utc_ms;
        row.offset_ms = offset_ms;
        row.rev = ++rev_;
        row.type = incident::code(picture.type);
        for (const auto type : picture.also) row.also += (row.also.empty() ? "" : " ") + std::string(incident::code(type));
        row.priority = picture.priority;
        if (picture.place) {
            row.place = store::Text(picture.place->normal);
            row.place_kind = incident::to_string(picture.place->kind);
        }
        row.place_known = known;
        row.differ = picture.differ;
        row.questions = picture.questions;
        rows.incident = std::move(row);
    }
    if (changes.proposal) {
        store::Dispatch row;
        row.call = call_;
        row.utc_ms = utc_ms;
        row.offset_ms = offset_ms;
        row.number = ++dispatches_;
        row.state = "proposed";
        row.rule = incident::to_string(changes.proposal->rule);
        row.type = incident::code(picture.type);
        row.priority = picture.priority;
        if (picture.place) row.place = store::Text(picture.place->normal);
        row.incomplete = changes.proposal->incomplete;
        row.actor = "daemon";
        dispatch_ = "proposed";
        rows.dispatch = std::move(row);
    }
    return rows;
}

bool CaseKeeper::moved(const store::Dispatch& step) {
    if (step.state == "acknowledged") help_ = true;
    if (step.number != dispatches_) return false;
    // A model is not to tell a caller that somebody said no.
    if (step.state == "approved") dispatch_ = "approved";
    else if (step.state == "acknowledged") dispatch_ = "acknowledged";
    else if (step.state == "rejected") dispatch_ = "with_a_dispatcher";
    return true;
}

void CaseKeeper::log_dispatch(const base::CallSid& call, const store::Dispatch& row, std::int64_t wait_ms) {
    k_log.info("dispatch " + row.state, call,
               {{"number", row.number}, {"rule", row.rule}, {"type", row.type}, {"priority", row.priority},
                {"incomplete", row.incomplete}, {"wait_ms", wait_ms}});
    const bool late = row.rule == incident::to_string(incident::Rule::late_words);
    if (row.number == 1 && !late) metrics::dispatch_proposal_seconds.observe(static_cast<double>(wait_ms) / 1000.0);
}

}  // namespace holdfast::call
