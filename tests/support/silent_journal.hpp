// A journal that answers no question: what the fakes of tests begin with.
#pragma once

#include "store/journal.hpp"

namespace holdfast::test {

class SilentJournal : public store::Journal {
  public:
    void read_calls(store::ReadCalls, std::function<void(base::Result<store::CallList>)>) override {}
    void read_call(store::CallSid, std::function<void(base::Result<store::CallDetail>)>) override {}
    void read_dispatches(store::ReadDispatches, std::function<void(base::Result<store::DispatchSteps>)>) override {}
    void read_owed(std::string, std::function<void(base::Result<store::Owed>)>) override {}
    void read_untranscribed(std::int64_t, std::function<void(base::Result<store::Untranscribed>)>) override {}
    void read_dead_letters(store::ReadDeadLetters, std::function<void(base::Result<store::DeadLetters>)>) override {}
    void read_changes(store::ReadChanges, std::function<void(base::Result<store::Changes>)>) override {}
    void read_backlog(std::string, std::function<void(base::Result<std::vector<store::ClassBacklog>>)>) override {}
    void read_purgeable(store::ReadPurgeable, std::function<void(base::Result<store::Purgeable>)>) override {}
    void read_chain(store::ReadChain, std::function<void(base::Result<store::ChainBite>)>) override {}
    void read_losses(std::function<void(base::Result<std::vector<store::LossRow>>)>) override {}
    store::StoreStatus status() const override { return {}; }
};

}  // namespace holdfast::test
