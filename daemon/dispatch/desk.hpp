// Where dispatches are decided and carried to the agency: takes each proposal, waits for a person or the CAD as
// dispatch.mode says, delivers the document from the outbox until it is taken, and writes every step into the journal
// before it counts. One loop; everything is called and answered there.
//
// It outlives calls and restarts: what is open or owed is read back from the journal.
#pragma once

#include "base/backoff.hpp"
#include "base/error.hpp"
#include "base/loop.hpp"
#include "base/sensitive.hpp"
#include "base/timer.hpp"
#include "dispatch/document.hpp"
#include "dispatch/life.hpp"
#include "dispatch/webhook.hpp"
#include "store/journal.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::dispatch {

struct Letter {
    Headers headers;  // content type included
    std::string body;
};
struct PostAnswer {
    int status = 0;  // 0: nobody answered in time
    std::string body;
};
// Sends one request and answers once, on the loop, never before it returns.
using Post = std::function<void(Letter letter, std::function<void(PostAnswer)> done)>;

struct Settings {
    Mode mode = Mode::approve;
    std::string site_id;
    Format format = Format::own;
    base::Secret secret;  // of the webhook
    Post post;            // empty: there is no webhook
};

class Desk {
  public:
    // Everything outlives it, and its loop has stopped before it goes.
    Desk(base::Loop& loop, store::Journal& journal, std::function<std::uint32_t()> random);
    ~Desk();
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    void configure(Settings settings);
    // Told of every step after the proposal, once it is on the disk.
    void set_moved(std::function<void(const Life&, const store::Dispatch& step)> moved) { moved_ = std::move(moved); }
    // Reads back what is open and what is owed. Once, at the start.
    void load();
    // A dead letter was retried: takes up what the journal owes and this does not know.
    void look_again();

    // A proposal that is on the disk.
    void proposed(const store::Dispatch& row);

    // What a person or the CAD does. Errors: "not_found", "conflict" (detail: the state it is in, or "advise"),
    // "signature" (detail: what is wrong with it), "store". Answered when it is on the disk.
    using Answer = std::function<void(base::Result<Life>)>;
    void approve(const Id& id, std::string by, Answer answer);
    void reject(const Id& id, std::string by, std::string why, Answer answer);
    void acknowledge(const Id& id, const Claim& claim, Answer answer);

    std::size_t open() const;  // dispatches that wait for somebody
    std::size_t owed() const { return owed_.size(); }

  private:
    struct Owed;
    using OwedPtr = std::shared_ptr<Owed>;

    void consider(const Id& id);
    void find(const Id& id, std::function<void(Life*)> then);
    void put(const store::CallDetail& detail, const Id& id);
    bool record(Life& life, std::string_view state, std::string actor, std::string reason, Answer answer = {});
    bool accept(Life& life, const std::string& by, Answer answer);
    void audit(const Life& life, std::string_view action, const std::string& by);
    void queue(const Id& id);
    void queued(const Id& id, const store::CallDetail& detail);
    void read_owed(std::function<void()> then);
    void enlist(const OwedPtr& owed);
    void pump();
    void send(const OwedPtr& owed);
    void answered(const OwedPtr& owed, const PostAnswer& answer);
    void settle(const OwedPtr& owed, const char* step);
    void bury(const OwedPtr& owed, const std::string& reason);
    bool note(const Owed& owed, const char* step, store::Ack ack = {});
    void show();
    template <class Rows, class Then>
    std::function<void(base::Result<Rows>)> on_loop(Then then);

    base::Loop& loop_;
    store::Journal& journal_;
    std::function<std::uint32_t()> random_;
    Settings settings_;
    std::function<void(const Life&, const store::Dispatch&)> moved_;
    std::map<Id, Life> lives_;
    std::map<Id, OwedPtr> owed_;  // the newest document of each
    std::deque<std::weak_ptr<Owed>> ready_;
    int in_flight_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // posted work asks for it
};

}  // namespace holdfast::dispatch
