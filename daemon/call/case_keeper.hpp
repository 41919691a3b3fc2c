// The incident of a call, between the words of its journal and its rows: gives the words to
// incident::Case and makes rows and log lines of what comes back. Owned by the Call; its loop only.
#pragma once

#include "base/ids.hpp"
#include "incident/case.hpp"
#include "store/journal.hpp"
#include "voice/tools.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::call {

class CaseKeeper {
  public:
    CaseKeeper(base::CallSid call, const incident::CaseSettings& settings) : call_(std::move(call)), case_(settings) {}

    // An utterance of either side, as it goes into the journal.
    incident::Changes said(const store::Utterance& row);
    // What a model believes. `acceptable`: its type is one that a model may name.
    static bool acceptable(const voice::ModelReport& report);
    incident::Changes reported(const voice::ModelReport& report, std::int64_t offset_ms);
    // What a model is told of it all: a JSON object with codes and flags, never a place.
    std::string answer() const;
    incident::Changes tick(std::int64_t offset_ms) { return case_.tick(offset_ms); }

    static bool anything(const incident::Changes& changes) {
        return !changes.facts.empty() || changes.picture || changes.question || changes.proposal || changes.life_threat;
    }

    // To be written down in this order. Logs the steps of the decision: codes and counts, never a place; not when they
    // were read before and are only gone through `again`.
    struct Rows {
        std::vector<store::Fact> facts;
        std::optional<store::Incident> incident;
        std::optional<store::Dispatch> dispatch;
    };
    Rows rows(const incident::Changes& changes, std::int64_t utc_ms, std::int64_t offset_ms, bool again = false);

    // A step of a dispatch after its proposal. True: of the newest one.
    bool moved(const store::Dispatch& step);

    // Once the row is on the disk. `wait_ms`: since the stream began. Any thread.
    static void log_dispatch(const base::CallSid& call, const store::Dispatch& row, std::int64_t wait_ms);

  private:
    base::CallSid call_;
    incident::Case case_;
    std::int64_t rev_ = 0;
    std::int64_t dispatches_ = 0;
    const char* dispatch_ = "none";  // what became of the newest one
    bool help_ = false;              // one was acknowledged
};

}  // namespace holdfast::call
