#include "dispatch/desk.hpp"

#include "config/limits.hpp"
#include "incident/policy.hpp"
#include "log/events.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace holdfast::dispatch {
namespace {

constexpr log::Logger k_log{"dispatch"};
constexpr const char* k_target = "cad";
constexpr const char* k_daemon = "daemon";

// A proposal found at a start is acted upon by itself only this long after it was made: later, whoever reads the list
// decides.
constexpr base::milliseconds k_fresh{15 * 60'000};
constexpr base::milliseconds k_read_back{24 * 3'600'000};
constexpr int k_posts_at_once = 4;
constexpr base::milliseconds k_again_first{1'000};
constexpr base::milliseconds k_again_most{60'000};
constexpr std::size_t k_lives_max = 1'000;  // closed ones go first; an open one is never forgotten

std::string key_of(const Id& id, Content content) { return id.str() + ":" + to_string(content); }

}  // namespace

// A document on its way, as it stands in the outbox.
struct Desk::Owed {
    Owed(base::Loop& loop, const Id& id_in) : id(id_in), timer(loop), backoff(k_again_first, k_again_most) {}
    Id id;
    Content content = Content::proposed;
    std::string key;
    store::Text body;
    std::int64_t utc_ms = 0;  // when it was queued
    std::int64_t offset_ms = 0;
    std::int64_t attempts = 0;
    bool in_flight = false;
    base::Timer timer;
    base::Backoff backoff;
};

Desk::Desk(base::Loop& loop, store::Journal& journal, std::function<std::uint32_t()> random)
    : loop_(loop), journal_(journal), random_(std::move(random)) {}

Desk::~Desk() { *alive_ = false; }

template <class Rows, class Then>
std::function<void(base::Result<Rows>)> Desk::on_loop(Then then) {
    return [this, alive = alive_, then = std::move(then)](base::Result<Rows> rows) {
        loop_.post([this, alive, then, rows = std::move(rows)] {
            if (*alive) then(rows);
        });
    };
}

void Desk::configure(Settings settings) {
    settings_ = std::move(settings);
    if (settings_.post) pump();
}

std::size_t Desk::open() const {
    return static_cast<std::size_t>(std::count_if(lives_.begin(), lives_.end(), [](const auto& one) { return one.second.open(); }));
}

void Desk::show() {
    metrics::dispatch_open.set(static_cast<double>(open()));
    metrics::outbox_owed.set(static_cast<double>(owed_.size()));
}

// --- what there is ---

void Desk::load() {
    store::ReadDispatches query;
    query.limit = 5000;
    query.since_utc_ms = loop_.utc_ms() - base::to_ms(k_read_back);
    journal_.read_dispatches(query, on_loop<store::DispatchSteps>([this](const base::Result<store::DispatchSteps>& steps) {
        if (!steps) return k_log.error("open dispatches cannot be read back", {{"code", steps.error().code}});
        for (auto& life : lives(steps->rows)) {
            const Id id = life.id();
            if (life.open() || life.rejected) lives_.emplace(id, std::move(life));
        }
        read_owed([this] {
            // Acted upon until the crash, or not even looked at.
            const auto oldest = loop_.utc_ms() - base::to_ms(k_fresh);
            std::vector<Id> fresh;
            for (const auto& [id, life] : lives_) {
                if (life.proposal.utc_ms >= oldest && owed_.find(id) == owed_.end()) fresh.push_back(id);
            }
            for (const Id& id : fresh) consider(id);
            if (!lives_.empty()) k_log.notice("dispatches read back", {{"open", open()}, {"owed", owed_.size()}});
            show();
        });
    }));
}

void Desk::read_owed(std::function<void()> then) {
    journal_.read_owed(k_target, on_loop<store::Owed>([this, then = std::move(then)](const base::Result<store::Owed>& owed) {
        if (!owed) return k_log.error("the outbox cannot be read", {{"code", owed.error().code}});
        const auto known = owed_;
        for (const auto& row : owed->documents) {  // of two about one dispatch the newer one is sent
            const auto last = row.key.rfind(':');
            const auto id = Id::parse(std::string_view(row.key).substr(0, last));
            if (!id || known.find(*id) != known.end()) continue;
            auto one = std::make_shared<Owed>(loop_, *id);
            for (const Content content : {Content::proposed, Content::approved, Content::rejected}) {
                if (row.key == key_of(*id, content)) one->content = content;
            }
            one->key = row.key;
            one->body = row.body;
            one->utc_ms = row.utc_ms;
            one->offset_ms = row.offset_ms;
            enlist(one);
        }
        if (then) then();
    }));
}

void Desk::look_again() {
    read_owed([this] { show(); });
}

void Desk::find(const Id& id, std::function<void(Life*)> then) {
    const auto known = lives_.find(id);
    if (known != lives_.end()) return then(&known->second);
    journal_.read_call(id.call, on_loop<store::CallDetail>([this, id, then](const base::Result<store::CallDetail>& call) {
        if (call) put(*call, id);
        const auto found = lives_.find(id);
        then(found == lives_.end() ? nullptr : &found->second);
    }));
}

void Desk::put(const store::CallDetail& detail, const Id& id) {
    for (auto& life : lives(detail.dispatches)) {
        if (life.proposal.number == id.number) lives_.emplace(id, std::move(life));
    }
}

// --- decisions ---

void Desk::proposed(const store::Dispatch& row) {
    if (lives_.size() >= k_lives_max) {
        for (auto it = lives_.begin(); it != lives_.end();) {
            it = !it->second.open() && owed_.find(it->first) == owed_.end() ? lives_.erase(it) : std::next(it);
        }
    }
    metrics::dispatch_total.add("proposed");
    const Id id{row.call, row.number};
    for (auto& [other, life] : lives_) {
        if (other.call == row.call && other.number < row.number && life.open() && !life.approved) {
            record(life, "superseded", k_daemon, id.str());
        }
    }
    Life life;
    life.take(row);
    lives_.emplace(id, std::move(life));
    consider(id);
    show();
}

void Desk::consider(const Id& id) {
    const auto found = lives_.find(id);
    if (found == lives_.end()) return;
    Life& life = found->second;
    if (settings_.mode == Mode::advise || life.superseded || life.acknowledged) return;
    const bool late = life.proposal.rule == incident::to_string(incident::Rule::late_words);
    if (settings_.mode == Mode::automatic && settings_.post && life.open() && !life.approved && !late) {
        record(life, "approved", k_daemon, "automatic");
    }
    if (settings_.post) {
        if (life.sent != life.content() && life.undeliverable != life.content()) queue(id);
    } else if (life.approved && life.open()) {
        record(life, "acknowledged", life.by, {});  // the approval was the acknowledgement; the row was cut off
    }
}

void Desk::approve(const Id& id, std::string by, Answer answer) {
    find(id, [this, id, by = std::move(by), answer = std::move(answer)](Life* life) {
        if (life == nullptr) return answer(base::make_error(base::Condition::reject, "not_found"));
        if (const char* why = may_approve(*life, settings_.mode)) {
            return answer(base::make_error(base::Condition::reject, "conflict", why));
        }
        audit(*life, "dispatch_approved", by);
        // Where nobody else can accept it, the person who approves it is who sends help.
        const bool alone = !settings_.post;
        if (!record(*life, "approved", by, {}, alone ? Answer() : answer)) return answer(base::make_error(base::Condition::retry, "store"));
        if (!alone) queue(id);
        else if (!record(*life, "acknowledged", by, {}, answer)) answer(base::make_error(base::Condition::retry, "store"));
    });
}

void Desk::reject(const Id& id, std::string by, std::string why, Answer answer) {
    find(id, [this, id, by = std::move(by), why = std::move(why), answer = std::move(answer)](Life* life) {
        if (life == nullptr) return answer(base::make_error(base::Condition::reject, "not_found"));
        if (const char* state = may_reject(*life)) return answer(base::make_error(base::Condition::reject, "conflict", state));
        audit(*life, "dispatch_rejected", by);
        const bool told = life->sent.has_value() || owed_.find(id) != owed_.end();
        if (!record(*life, "rejected", by, why, answer)) return answer(base::make_error(base::Condition::retry, "store"));
        if (settings_.post && told) queue(id);  // what nobody was told of needs no taking back
    });
}

void Desk::acknowledge(const Id& id, const Claim& claim, Answer answer) {
    if (const auto wrong = claim_refusal(settings_.secret, claim, loop_.utc_ms()); !wrong.empty()) {
        k_log.warning("acknowledgement refused", id.call, {{"reason", wrong}});
        return answer(base::make_error(base::Condition::reject, "signature", wrong));
    }
    std::string by = read_name(claim.body);
    find(id, [this, by = std::move(by), answer = std::move(answer)](Life* life) {
        if (life == nullptr) return answer(base::make_error(base::Condition::reject, "not_found"));
        if (const char* state = may_acknowledge(*life)) return answer(base::make_error(base::Condition::reject, "conflict", state));
        if (!accept(*life, by, answer)) answer(base::make_error(base::Condition::retry, "store"));
    });
}

// The CAD's acceptance approves and acknowledges.
bool Desk::accept(Life& life, const std::string& by, Answer answer) {
    audit(life, "dispatch_acknowledged", by);
    if (!life.approved && !record(life, "approved", by, {})) return false;
    return record(life, "acknowledged", by, {}, std::move(answer));
}

bool Desk::record(Life& life, std::string_view state, std::string actor, std::string reason, Answer answer) {
    store::Dispatch row = life.proposal;
    row.state.assign(state);
    row.actor = std::move(actor);
    row.reason = std::move(reason);
    row.utc_ms = loop_.utc_ms();
    row.offset_ms = std::max<std::int64_t>(life.proposal.offset_ms, life.proposal.offset_ms + row.utc_ms - life.proposal.utc_ms);
    Life after = life;
    after.take(row);
    const auto committed = [this, alive = alive_, after, row, answer = std::move(answer)](const store::Committed& done) {
        loop_.post([this, alive, after, row, answer, durable = done.durable] {
            if (!*alive) return;
            if (!durable) {
                k_log.error("a step of a dispatch was not written", row.call, {{"state", row.state}, {"number", row.number}});
                if (answer) answer(base::make_error(base::Condition::retry, "store"));
                return;
            }
            metrics::dispatch_total.add(row.state.c_str());
            k_log.notice("dispatch " + row.state, row.call,
                         {{"number", row.number}, {"type", row.type}, {"priority", row.priority},
                          {"since_proposal_ms", row.offset_ms - after.proposal.offset_ms}});
            if (moved_) moved_(after, row);
            if (answer) answer(after);
        });
    };
    if (!journal_.append(row, committed)) {
        k_log.error("journal queue full, a step of a dispatch is lost", row.call, {{"state", row.state}, {"number", row.number}});
        return false;
    }
    life = std::move(after);
    show();
    return true;
}

void Desk::audit(const Life& life, std::string_view action, const std::string& by) {
    store::Audit row;
    row.utc_ms = loop_.utc_ms();
    row.actor = by;
    row.action.assign(action);
    row.detail = "dispatch=" + std::to_string(life.proposal.number);
    row.call = life.proposal.call;
    if (!journal_.append(std::move(row))) k_log.error("journal queue full, audit row lost");
}

// --- delivery ---

// Writes the document as things stand, puts it into the outbox, then sends it.
void Desk::queue(const Id& id) {
    journal_.read_call(id.call, on_loop<store::CallDetail>([this, id](const base::Result<store::CallDetail>& call) {
        if (call) return queued(id, *call);
        k_log.error("a dispatch cannot be written for the CAD, its call cannot be read", id.call, {{"code", call.error().code}});
        // Without the rest of the call: what and where are in the proposal itself.
        store::CallDetail bare;
        bare.call.call = id.call;
        const auto life = lives_.find(id);
        if (life != lives_.end()) bare.call.started_utc_ms = life->second.proposal.utc_ms - life->second.proposal.offset_ms;
        queued(id, bare);
    }));
}

void Desk::queued(const Id& id, const store::CallDetail& detail) {
    const auto found = lives_.find(id);
    if (found == lives_.end() || !settings_.post || found->second.acknowledged || found->second.superseded) return;
    const Life& life = found->second;
    const auto before = owed_.find(id);
    if (before != owed_.end()) {
        if (before->second->content == life.content() || before->second->in_flight) return;  // answered() looks again
        settle(before->second, "replaced");
    }
    auto one = std::make_shared<Owed>(loop_, id);
    one->content = life.content();
    one->key = key_of(id, one->content);
    one->utc_ms = loop_.utc_ms();
    one->offset_ms = std::max<std::int64_t>(0, one->utc_ms - detail.call.started_utc_ms);
    one->body = store::Text(document(detail, life, {settings_.site_id, settings_.format, one->utc_ms}));
    owed_[id] = one;
    const bool taken = note(*one, "queued", [this, alive = alive_, one](const store::Committed& done) {
        loop_.post([this, alive, one, durable = done.durable] {
            if (!*alive) return;
            if (!durable) k_log.error("the outbox could not be written, the dispatch is sent all the same", one->id.call);
            enlist(one);
        });
    });
    if (!taken) enlist(one);  // help matters more than the row
    show();
}

void Desk::enlist(const OwedPtr& owed) {
    owed_[owed->id] = owed;
    ready_.push_back(owed);
    pump();
}

void Desk::pump() {
    while (settings_.post && in_flight_ < k_posts_at_once && !ready_.empty()) {
        const auto one = ready_.front().lock();
        ready_.pop_front();
        if (one && !one->in_flight) send(one);
    }
}

void Desk::send(const OwedPtr& owed) {
    ++owed->attempts;
    ++in_flight_;
    owed->in_flight = true;
    Letter letter;
    letter.body = owed->body.reveal();
    letter.headers = webhook_headers(settings_.secret, owed->key, loop_.utc_ms(), letter.body);
    letter.headers.emplace_back("Content-Type", content_type(settings_.format));
    settings_.post(std::move(letter), [this, alive = alive_, owed](PostAnswer answer) {
        if (*alive) answered(owed, answer);
    });
}

void Desk::answered(const OwedPtr& owed, const PostAnswer& answer) {
    --in_flight_;
    owed->in_flight = false;
    const Delivery delivery = judge_delivery(answer.status);
    const auto found = lives_.find(owed->id);
    Life* const life = found == lives_.end() ? nullptr : &found->second;
    switch (delivery.kind) {
        case Delivery::Kind::delivered: {
            metrics::webhook_total.add("delivered");
            const Id id = owed->id;
            settle(owed, "delivered");
            if (life == nullptr) break;
            const Acceptance acceptance = read_reply(answer.body);
            record(*life, "sent", k_target, to_string(owed->content));
            if (!acceptance.acknowledged) break;
            if (may_acknowledge(*life) == nullptr) accept(*life, acceptance.by, {});
            else if (!life->acknowledged) k_log.warning("the CAD accepted a dispatch that is no longer open", id.call, {{"state", life->state()}});
            break;
        }
        case Delivery::Kind::dead:
            metrics::webhook_total.add("dead");
            bury(owed, delivery.reason);
            break;
        case Delivery::Kind::again:
            metrics::webhook_total.add("again");
            if (loop_.utc_ms() - owed->utc_ms >= base::to_ms(limits::dispatch_give_up)) {
                bury(owed, "gave_up");
                break;
            }
            k_log.warning("the CAD did not take a dispatch, trying again", owed->id.call,
                          {{"number", owed->id.number}, {"reason", delivery.reason}, {"attempts", owed->attempts}});
            owed->timer.arm(owed->backoff.next(random_()), [this, weak = std::weak_ptr<Owed>(owed)] {
                if (const auto one = weak.lock()) ready_.push_back(one), pump();
            });
            break;
    }
    // A person may have decided in the meantime.
    if (life != nullptr && life->content() != owed->content && !life->acknowledged && !life->superseded &&
        life->sent != life->content() && life->undeliverable != life->content()) {
        queue(life->id());
    }
    show();
    pump();
}

void Desk::settle(const OwedPtr& owed, const char* step) {
    note(*owed, step);
    owed->timer.cancel();
    const auto found = owed_.find(owed->id);
    if (found != owed_.end() && found->second == owed) owed_.erase(found);
}

void Desk::bury(const OwedPtr& owed, const std::string& reason) {
    k_log.error(log::events::dispatch_undeliverable, owed->id.call,
                {{"number", owed->id.number}, {"reason", reason}, {"attempts", owed->attempts}});
    store::DeadLetter row;
    row.call = owed->id.call;
    row.utc_ms = loop_.utc_ms();
    row.offset_ms = owed->offset_ms + row.utc_ms - owed->utc_ms;
    row.target = k_target;
    row.key = owed->key;
    row.attempts = owed->attempts;
    row.reason = reason;
    row.body = owed->body;
    if (!journal_.append(std::move(row))) k_log.error("journal queue full, a dead letter is lost", owed->id.call);
    const auto life = lives_.find(owed->id);
    if (life != lives_.end()) record(life->second, "undeliverable", k_target, reason);
    owed->timer.cancel();
    const auto found = owed_.find(owed->id);
    if (found != owed_.end() && found->second == owed) owed_.erase(found);
}

bool Desk::note(const Owed& owed, const char* step, store::Ack ack) {
    store::Outbox row;
    row.call = owed.id.call;
    row.utc_ms = loop_.utc_ms();
    row.offset_ms = owed.offset_ms + row.utc_ms - owed.utc_ms;
    row.target = k_target;
    row.key = owed.key;
    row.step = step;
    row.attempts = owed.attempts;
    if (row.step == "queued") row.body = owed.body;
    if (journal_.append(std::move(row), std::move(ack))) return true;
    k_log.error("journal queue full, a row of the outbox is lost", owed.id.call, {{"step", step}});
    return false;
}

}  // namespace holdfast::dispatch
