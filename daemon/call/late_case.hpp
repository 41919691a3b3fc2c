// The incident of a call whose words were written down after it ended (rung canned, or words that no voice heard): the
// same reading as a live call's, from the journal. Its proposal has the rule late_words. Media loop.
#pragma once

#include "base/ids.hpp"
#include "base/loop.hpp"
#include "incident/case.hpp"
#include "store/journal.hpp"

#include <functional>
#include <memory>

namespace holdfast::call {

class LateCase {
  public:
    struct Parts {
        base::Loop& loop;
        store::Journal& journal;
        std::function<incident::CaseSettings()> settings;
        std::function<void(const store::Dispatch&)> on_proposed;  // on the disk
    };
    explicit LateCase(Parts parts) : parts_(std::move(parts)) {}
    ~LateCase() { *alive_ = false; }
    LateCase(const LateCase&) = delete;
    LateCase& operator=(const LateCase&) = delete;

    // Words of this call have been written down. Does nothing while it goes on, and nothing twice.
    void transcribed(const base::CallSid& call);

  private:
    void read(const store::CallDetail& detail);

    Parts parts_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace holdfast::call
