#include "call/late_case.hpp"

#include "call/case_keeper.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace holdfast::call {
namespace {

constexpr log::Logger k_log{"incident"};

bool same(const store::Incident& a, const store::Incident& b) {
    return a.type == b.type && a.also == b.also && a.priority == b.priority && a.place.reveal() == b.place.reveal() &&
           a.place_known == b.place_known && a.differ == b.differ;
}

// What a call heard, in its order: words of either side, and what a model reported.
struct Step {
    std::int64_t offset_ms = 0;
    const store::Utterance* said = nullptr;
    voice::ModelReport report{};
    bool read_before = true;
};

std::vector<Step> steps(const store::CallDetail& detail) {
    std::vector<Step> steps;
    std::set<std::string> turns;  // that facts come from
    for (const auto& [seq, fact] : detail.facts) {
        const bool first = turns.insert(fact.turn).second;
        if (fact.source != incident::to_string(incident::Source::model)) continue;
        if (first) steps.push_back({fact.offset_ms, nullptr, {fact.turn, {}, {}}});
        const auto step = std::find_if(steps.begin(), steps.end(), [&fact = fact](const Step& s) { return s.report.call_id == fact.turn; });
        if (step == steps.end()) continue;
        if (fact.slot == incident::to_string(incident::Fact::Slot::type)) step->report.type = fact.normal.reveal();
        else step->report.place = fact.value.reveal();
    }
    for (const auto& row : detail.utterances) {
        const auto& said = row.utterance;
        steps.push_back({said.speaker == store::Speaker::caller ? said.start_ms : said.end_ms, &said, {},
                         !said.deferred || turns.count(said.item_id) != 0});
    }
    std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.offset_ms < b.offset_ms; });
    return steps;
}

}  // namespace

void LateCase::transcribed(const base::CallSid& call) {
    parts_.journal.read_call(call, [this, alive = alive_, call](base::Result<store::CallDetail> detail) {
        parts_.loop.post([this, alive, call, detail = std::move(detail)] {
            if (!*alive) return;
            if (detail) return read(*detail);
            k_log.warning("late words cannot be read for an incident", call, {{"code", detail.error().code}});
        });
    });
}

void LateCase::read(const store::CallDetail& detail) {
    if (!detail.call.ended_utc_ms) return;
    const auto now = parts_.loop.utc_ms();
    CaseKeeper keeper(detail.call.call, parts_.settings());
    std::optional<store::Incident> newest;
    std::optional<store::Dispatch> proposal;
    for (const auto& step : steps(detail)) {
        const auto changes = step.said != nullptr ? keeper.said(*step.said) : keeper.reported(step.report, step.offset_ms);
        auto rows = keeper.rows(changes, now, step.offset_ms, step.read_before);
        if (!step.read_before) {
            for (auto& fact : rows.facts) {
                if (!parts_.journal.append(std::move(fact))) k_log.error("journal queue full, a fact is lost", detail.call.call);
            }
        }
        if (rows.incident) newest = std::move(rows.incident);
        if (rows.dispatch) proposal = std::move(rows.dispatch);
    }
    const store::Incident* const known = detail.incidents.empty() ? nullptr : &detail.incidents.back().incident;
    if (!newest || (known != nullptr && same(*known, *newest))) return;
    newest->rev = known == nullptr ? 1 : known->rev + 1;
    if (!parts_.journal.append(*newest)) k_log.error("journal queue full, an incident is lost", detail.call.call);
    std::int64_t number = 0;
    const store::Dispatch* last = nullptr;
    for (const auto& row : detail.dispatches) {
        number = std::max(number, row.dispatch.number);
        if (row.dispatch.state == "proposed") last = &row.dispatch;
    }
    if (!proposal || (last != nullptr && last->type == proposal->type && last->place.reveal() == proposal->place.reveal())) return;
    proposal->number = number + 1;
    proposal->rule = incident::to_string(incident::Rule::late_words);
    const bool taken = parts_.journal.append(*proposal, [this, alive = alive_, row = *proposal](const store::Committed& committed) {
        parts_.loop.post([this, alive, row, durable = committed.durable] {
            if (!*alive || !durable) return;
            CaseKeeper::log_dispatch(row.call, row, row.offset_ms);
            if (parts_.on_proposed) parts_.on_proposed(row);
        });
    });
    if (!taken) k_log.error("journal queue full, a proposal is lost", detail.call.call);
}

}  // namespace holdfast::call
