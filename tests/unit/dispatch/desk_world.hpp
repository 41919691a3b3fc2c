// The desk with a loop that a test turns, a journal in memory and a CAD that answers as told.
#pragma once

#include "dispatch/desk.hpp"
#include "support/fake_loop.hpp"
#include "support/silent_journal.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::test {

inline base::CallSid call_sid(unsigned n) {
    char text[40];
    std::snprintf(text, sizeof text, "CA%032x", n);
    return *base::CallSid::parse(text);
}

inline store::Dispatch step(unsigned call, std::int64_t number, std::string_view state, std::string reason = {}) {
    store::Dispatch row;
    row.call = call_sid(call);
    row.utc_ms = 1'700'000'000'000;
    row.offset_ms = 5000;
    row.number = number;
    row.state.assign(state);
    row.rule = "place_and_type";
    row.type = "FSTRU";
    row.priority = 1;
    row.place = store::Text("12 OAK ST");
    row.actor = "daemon";
    row.reason = std::move(reason);
    return row;
}

// Everything is on the disk at once.
class DeskJournal : public SilentJournal {
  public:
    bool append(store::Record record, store::Ack ack) override {
        if (refuse) return false;
        if (const auto* row = std::get_if<store::Dispatch>(&record)) steps.push_back({static_cast<std::int64_t>(steps.size()), *row});
        if (const auto* row = std::get_if<store::Outbox>(&record)) outbox.push_back(*row);
        if (const auto* row = std::get_if<store::DeadLetter>(&record)) dead.push_back(*row);
        if (const auto* row = std::get_if<store::Audit>(&record)) audit.push_back(*row);
        if (ack) ack(store::Committed{durable, false, 1});
        return true;
    }
    void read_call(store::CallSid call, std::function<void(base::Result<store::CallDetail>)> done) override {
        store::CallDetail detail;
        detail.call.call = call;
        detail.call.from = store::Text("+15550100101");
        detail.call.started_utc_ms = FakeLoop::k_epoch_utc_ms;
        for (const auto& row : steps) {
            if (row.dispatch.call == call) detail.dispatches.push_back(row);
        }
        if (detail.dispatches.empty()) return done(base::make_error(base::Condition::reject, "not_found"));
        done(detail);
    }
    void read_dispatches(store::ReadDispatches, std::function<void(base::Result<store::DispatchSteps>)> done) override {
        done(store::DispatchSteps{steps});
    }
    void read_owed(std::string target, std::function<void(base::Result<store::Owed>)> done) override {
        store::Owed owed;
        for (const auto& row : outbox) {
            bool over = row.step != "queued" || row.target != target;
            for (const auto& other : outbox) over = over || (other.key == row.key && other.step != "queued");
            for (const auto& letter : dead) over = over || letter.key == row.key;
            if (!over) owed.documents.push_back(row);
        }
        done(owed);
    }

    bool refuse = false;
    bool durable = true;
    std::vector<store::DispatchRow> steps;
    std::vector<store::Outbox> outbox;
    std::vector<store::DeadLetter> dead;
    std::vector<store::Audit> audit;
};

struct DeskWorld {
    FakeLoop loop;
    DeskJournal journal;
    std::unique_ptr<dispatch::Desk> desk;
    dispatch::Settings settings;
    std::vector<dispatch::Letter> posted;
    std::deque<std::function<void(dispatch::PostAnswer)>> waiting;  // the CAD's answers to come
    std::vector<std::string> moved;

    DeskWorld() { start(); }

    // A daemon's start; what the one before had in memory is gone.
    void start() {
        waiting.clear();
        desk = std::make_unique<dispatch::Desk>(loop, journal, [] { return 0xffffffffu; });
        settings.site_id = "site-1";
        settings.secret = base::Secret(std::string("secret"));
        desk->configure(settings);
        desk->set_moved([this](const dispatch::Life&, const store::Dispatch& row) {
            moved.push_back(std::to_string(row.number) + " " + row.state + " " + row.actor);
        });
    }
    void restart() {
        start();
        desk->load();
        loop.run_posted();
    }
    void cad(dispatch::Mode mode) {
        settings.mode = mode;
        settings.post = [this](dispatch::Letter letter, std::function<void(dispatch::PostAnswer)> done) {
            posted.push_back(std::move(letter));
            waiting.push_back(std::move(done));
        };
        desk->configure(settings);
    }
    // A call's proposal, written by the call.
    dispatch::Id propose(unsigned call = 1, std::int64_t number = 1) {
        auto row = step(call, number, "proposed");
        row.utc_ms = loop.utc_ms();
        journal.append(row, {});
        desk->proposed(row);
        loop.run_posted();
        return {row.call, number};
    }
    void cad_answers(int status, std::string body = {}) {
        ASSERT_FALSE(waiting.empty()) << "nothing was posted";
        auto done = std::move(waiting.front());
        waiting.pop_front();
        done({status, std::move(body)});
        loop.run_posted();
    }
    static std::string did(const base::Result<dispatch::Life>& result) {
        if (result) return result->state();
        return std::string(result.error().code) + (result.error().detail.empty() ? "" : " " + result.error().detail);
    }
    std::string approve(const dispatch::Id& id) {
        std::string answer = "none";
        desk->approve(id, "alice", [&](base::Result<dispatch::Life> r) { answer = did(r); });
        loop.run_posted();
        return answer;
    }
    std::string reject(const dispatch::Id& id) {
        std::string answer = "none";
        desk->reject(id, "alice", "prank", [&](base::Result<dispatch::Life> r) { answer = did(r); });
        loop.run_posted();
        return answer;
    }
    std::string acknowledge(const dispatch::Id& id, std::string secret = "secret", std::string body = R"({"by":"desk 4"})") {
        dispatch::Claim claim;
        claim.id = "msg_1";
        claim.timestamp = std::to_string(loop.utc_ms() / 1000);
        claim.signatures = dispatch::webhook_signature(base::Secret(std::move(secret)), "msg_1", loop.utc_ms() / 1000, body);
        claim.body = std::move(body);
        std::string answer = "none";
        desk->acknowledge(id, claim, [&](base::Result<dispatch::Life> r) { answer = did(r); });
        loop.run_posted();
        return answer;
    }
    // "1 proposed, 1 approved" as the journal has it.
    std::string steps() const {
        std::string text;
        for (const auto& row : journal.steps) {
            text += (text.empty() ? "" : ", ") + std::to_string(row.dispatch.number) + " " + row.dispatch.state;
        }
        return text;
    }
};

}  // namespace holdfast::test
