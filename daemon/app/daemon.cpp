#include "app/daemon.hpp"

#include "app/agency_database.hpp"
#include "app/box_watch.hpp"
#include "app/cad_webhook.hpp"
#include "app/chain_anchor.hpp"
#include "app/exit_codes.hpp"
#include "app/ladder_news.hpp"
#include "app/planned_drain.hpp"
#include "app/prompts.hpp"
#include "app/purge_plan.hpp"
#include "app/recording_reader.hpp"
#include "app/twilio_rest.hpp"
#include "app/voices.hpp"
#include "base/random.hpp"
#include "base/timer.hpp"
#include "base/version.hpp"
#include "call/caller_leg.hpp"
#include "call/late_case.hpp"
#include "call/registry.hpp"
#include "config/limits.hpp"
#include "config/yaml_loader.hpp"
#include "dispatch/desk.hpp"
#include "http/admin.hpp"
#include "http/feed_hub.hpp"
#include "http/front_door.hpp"
#include "ladder/ladder.hpp"
#include "log/events.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"
#include "net/asio_loop.hpp"
#include "net/http_server.hpp"
#include "net/tls.hpp"
#include "net/url.hpp"
#include "recording/disk_recorder.hpp"
#include "recording/purge_timer.hpp"
#include "store/sqlite_journal.hpp"
#include "streets/file.hpp"
#include "supervise/crash.hpp"
#include "supervise/notify.hpp"
#include "supervise/signals.hpp"
#include "supervise/sockets.hpp"
#include "supervise/starts.hpp"
#include "supervise/status_line.hpp"
#include "supervise/watchdog.hpp"
#include "transcribe/worker.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace holdfast::app {
namespace {

constexpr log::Logger k_log{"app"};

constexpr std::chrono::milliseconds k_snapshot_every{500};
constexpr std::chrono::milliseconds k_probe_every{2000};      // cpp-daemon.md 5.2
constexpr std::chrono::milliseconds k_goodbye{2000};          // for closing handshakes after a drain
constexpr std::chrono::seconds k_extension{5};                // of systemd's patience, while there is something to wait for
constexpr std::chrono::seconds k_first_answer{30};            // of both loops, at start
constexpr std::chrono::milliseconds k_recorder_flush{5'000};
constexpr std::chrono::milliseconds k_reader_stop{2'000};
constexpr std::chrono::milliseconds k_journal_flush{10'000};
constexpr std::chrono::seconds k_debug_freeze{60};            // six times what the watchdog waits
constexpr int k_descriptors_reserved = 128;                   // journal, log, admin, listeners
constexpr int k_descriptors_per_call = 4;                     // two legs, a renewal, a webhook

http::FrontDoorSettings front_door_settings(const config::Config& c) {
    http::FrontDoorSettings s;
    s.base_url = c.listen.public_.base_url;
    s.verify_signature = c.twilio.verify_signature;
    s.auth_tokens = {c.credentials.twilio_auth_token, c.credentials.twilio_auth_token_next};
    s.account_sid = c.twilio.account_sid;
    s.person.sentence = twilio::k_person_sentence;
    s.person.number = c.person.number;
    s.person.caller_id = c.person.caller_id;
    s.person.timeout_s = static_cast<int>(c.person.timeout.count());
    return s;
}

// P10: what descriptors allow bounds what the operator asked for.
int calls_allowed(int wanted) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
    // The soft limit is only a default; the hard one is what we were given.
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    const auto descriptors = static_cast<std::int64_t>(std::min<rlim_t>(limit.rlim_cur, 1'000'000));
    const auto possible = (descriptors - k_descriptors_reserved) / k_descriptors_per_call;
    return static_cast<int>(std::clamp<std::int64_t>(possible, 1, wanted));
}

constexpr base::milliseconds k_dial_margin{15'000};  // behind the ringing time, for Twilio to say how it went

// Null: no list is wanted.
base::Result<std::shared_ptr<const streets::List>> read_streets(const config::Config& c) {
    if (c.streets.path.empty()) return std::shared_ptr<const streets::List>();
    streets::About about;
    auto list = streets::read_list(c.streets.path, &about);
    if (!list) return list.error();
    k_log.notice("street list read", {{"streets", (*list)->streets()}, {"segments", (*list)->segments()}});
    return std::shared_ptr<const streets::List>(*list);
}

// At the start callers are served without a list that cannot be read; a reload rather keeps the old one.
std::shared_ptr<const streets::List> street_list(const config::Config& c) {
    auto list = read_streets(c);
    if (list) return *list;
    k_log.error("no street list, places are not checked", {{"code", list.error().code}, {"detail", list.error().detail}});
    return nullptr;
}

incident::CheckPlace check_place(std::shared_ptr<const streets::List> list) {
    if (!list) return {};
    return [list = std::move(list)](const incident::Place& place) {
        auto answer = list->check(incident::to_string(place.kind), place.normal);
        using Verdict = incident::PlaceCheck::Verdict;
        const Verdict verdict = answer.kind == streets::Answer::Kind::valid       ? Verdict::valid
                                : answer.kind == streets::Answer::Kind::ambiguous ? Verdict::ambiguous
                                : answer.kind == streets::Answer::Kind::not_found ? Verdict::not_found
                                                                                  : Verdict::unchecked;
        return incident::PlaceCheck{verdict, answer.why, std::move(answer.candidates)};
    };
}

std::shared_ptr<const call::CallSettings> call_settings(const config::Config& c, const incident::CheckPlace& check) {
    auto settings = std::make_shared<call::CallSettings>();
    settings->timers = c.ladder;
    settings->person_words = c.person.words;
    settings->person_patience = c.person.timeout + k_dial_margin;
    settings->dials = !c.person.number.empty();
    settings->incident.questions_max = c.dispatch.max_questions;
    settings->incident.answer_timeout_ms = base::to_ms(c.dispatch.answer_timeout);
    settings->incident.check_place = check;
    settings->incident.tripwires = incident::Tripwires(c.dispatch.tripwires);
    settings->record_live = c.recording.enabled;
    return settings;
}

// The pair of a listener as its files have it now. A reload must not replace a certificate that callers can use by one they
// cannot (A13); an out-of-date one by another makes nothing worse. `running`: null at the start.
base::Result<std::shared_ptr<net::TlsServer>> next_pair(const net::TlsServer* running, const std::string& certificate,
                                                        const std::string& private_key) {
    auto next = net::TlsServer::load(certificate, private_key);
    if (!next || running == nullptr || (*next)->out_of_date().empty()) return next;
    const auto now_utc_s = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const bool still_good = running->out_of_date().empty() && running->not_after_utc_s() > now_utc_s;
    if (!still_good) return next;
    return base::make_error(base::Condition::fatal, "certificate", certificate + ": " + std::string((*next)->out_of_date()));
}

recording::RetentionDays recording_days(const config::Config& c) {
    recording::RetentionDays days;
    days.days = c.recording.retention_days;
    if (c.recording.canned_retention_days > 0) days.classes["canned"] = c.recording.canned_retention_days;
    if (c.recording.unheard_retention_days > 0) days.classes["unheard"] = c.recording.unheard_retention_days;
    return days;
}

PurgeDays purge_days(const config::Config& c) {
    return {c.store.retention_days, c.store.words_retention_days, c.store.audit_retention_days};
}

constexpr std::chrono::milliseconds k_key_wait{2'000};     // of a thread on which nobody waits
constexpr std::chrono::milliseconds k_recorder_wait{50};   // other calls are being recorded; the next block asks again

recording::FileKeys recording_keys(store::SqliteJournal& journal, std::chrono::milliseconds most) {
    return [&journal, most](const base::CallSid& call) {
        recording::FileKey key;
        if (journal.encryption() == store::Vault::State::off) return key;
        key.kind = recording::FileKey::Kind::unavailable;
        for (const auto& each : journal.recording_keys(call, most)) {
            base::Secret bytes{std::string(each.bytes())};
            if (key.kind == recording::FileKey::Kind::key) {
                key.others.push_back(std::move(bytes));
            } else {
                key.kind = recording::FileKey::Kind::key;
                key.key = std::move(bytes);
            }
        }
        return key;
    };
}

recording::DiskRecorderOptions recorder_options(const config::Config& c, store::SqliteJournal& journal) {
    recording::DiskRecorderOptions options;
    options.keys = recording_keys(journal, k_recorder_wait);
    options.path = c.recording.path;
    options.retention = recording_days(c);
    return options;
}

// A recording may go once the agency's database has what it is to have of it: its row, and with mongodb.audio its sound. What is
// overdue is days old, so "everything of today" is more than enough.
recording::Release recording_release(const sync::Worker* sync, store::Journal& journal) {
    recording::Release release;
    // Not knowing is being held.
    release.held = [&journal](const base::CallSid& call, const std::string&) {
        auto found = std::make_shared<std::promise<bool>>();
        auto held = found->get_future();
        journal.read_call(call, [found](const base::Result<store::CallDetail>& detail) {
            const bool gone = !detail && detail.error().code == std::string_view("not_found");
            found->set_value(detail ? detail->call.held : !gone);
        });
        return held.wait_for(k_key_wait) != std::future_status::ready || held.get();
    };
    release.sinks_configured = sync != nullptr;
    release.sent = [sync](const base::CallSid&, const std::string&) {
        const auto status = sync->status();
        return status.has_all(store::ChangeClass::recording) && status.has_all_audio();
    };
    return release;
}

// Null: words are not written down later, and one line says why.
std::shared_ptr<const transcribe::Service> transcription_service(const config::Config& c) {
    if (!c.recording.transcribe) return nullptr;
    auto service = transcribe::make_service(c);
    if (service) return std::move(*service);
    k_log.warning("recordings are not transcribed", {{"detail", service.error().detail}});
    return nullptr;
}

constexpr int k_interrupted_max = 500;                 // calls looked at after a start
constexpr auto k_interrupted_within = std::chrono::minutes(15);  // longer ago nobody waits any more
constexpr double k_line_well = 0.9;  // score

// A piece is some hundred kilobytes: only when no caller needs the line, or a good line without limits carries both.
bool may_transcribe(const ladder::Snapshot& snapshot, std::int64_t calls, const config::Uplink& limits) {
    const auto& openai = snapshot.rungs[ladder::index(ladder::Rung::openai)];
    if (!openai.configured || !openai.usable || snapshot.uplink_is_down) return false;
    const bool limited = limits.up_kbps > 0 || limits.down_kbps > 0;
    return calls == 0 || (!limited && snapshot.uplink_up >= k_line_well && snapshot.uplink_down >= k_line_well);
}

std::vector<http::RungStatus> rung_status(const ladder::Snapshot& snapshot) {
    std::vector<http::RungStatus> list;
    for (const auto& rung : snapshot.rungs) {
        http::RungStatus s;
        s.name = ladder::to_string(rung.rung);
        s.configured = rung.configured;
        s.usable = rung.usable;
        const bool closed = rung.breaker == ladder::Breaker::State::closed;
        s.state = !rung.configured ? "skipped" : closed ? ladder::to_string(rung.health.level) : ladder::to_string(rung.breaker);
        s.reason = rung.configured ? rung.health.reason : rung.skipped;
        s.connect_ms = rung.figures.connect_ms;
        s.first_audio_ms = rung.figures.first_audio_ms;
        s.ping_ms = rung.figures.ping_ms;
        s.ping_loss = rung.figures.ping_loss;
        s.tokens_left = rung.figures.tokens_left;
        s.retry_in_ms = rung.retry_in_ms;
        list.push_back(std::move(s));
    }
    return list;
}

http::VoiceStatus voice_status(const ladder::Snapshot& snapshot) {
    http::VoiceStatus s;
    s.provider = ladder::to_string(snapshot.best);
    s.state = "not_configured";
    for (const auto& rung : snapshot.rungs) {
        if (!ladder::is_live(rung.rung) || !rung.configured) continue;
        s.configured = true;
        if (rung.usable) {
            s.state = rung.figures.connect_ms < 0 ? "unknown" : "ok";
            s.last_error_code.clear();
            return s;
        }
        s.state = "failing";
        if (s.last_error_code.empty()) s.last_error_code = rung.health.reason;
    }
    return s;
}

// What the admin thread knows of the media thread: a value, posted over.
struct MediaSnapshot {
    std::int64_t calls_active = 0;
    std::int64_t calls_max = 0;
    bool draining = false;
    std::uint64_t drain_changes = 0;  // how many of them the media loop has seen
    bool healthy = false;
    ladder::Snapshot ladder;
    std::int64_t certificate_not_after_utc_s = 0;
};

class Daemon {
  public:
    Daemon(std::string config_path, config::Config config, PromptsNeeded prompts);
    ~Daemon();
    // Instead of the destructor, once: true when a thread is left that the process must not be taken down under.
    bool take_down();
    // 0, or the exit code of what failed.
    int start();
    int run();

  private:
    int open_store();
    void guard_start();
    int open_public();
    void see_to_interrupted();
    int open_admin();
    void take_snapshot();
    void watch_box();
    bool loops_answer();
    http::DaemonStatus status() const;
    std::string status_line() const { return status_line_.last(); }
    config::Config in_force(config::Config config) const;
    void reload();
    base::Result<void> apply(const config::Config& loaded);
    void refuse(const std::vector<config::Problem>& problems);
    void drain();

    const std::string config_path_;
    const PromptsNeeded prompts_needed_;
    const config::Config config_;   // as started; read by every thread
    config::Config running_;        // with what reloads have changed; main thread
    // The loops come first: everything below may post to them until it is gone.
    net::AsioLoop media_;
    net::AsioLoop admin_;
    const std::int64_t started_utc_ms_;
    supervise::StatusLine status_line_;

    Prompts prompts_;
    bool prompts_loaded_ = false;
    std::unique_ptr<store::SqliteJournal> journal_;
    std::optional<supervise::Starts> starts_;
    bool safe_mode_ = false;
    LineShare line_share_;
    LadderNews ladder_news_;                            // media loop
    std::unique_ptr<sync::Worker> sync_;
    std::shared_ptr<net::TlsServer> public_tls_, admin_tls_;    // in use, each on its loop
    std::shared_ptr<net::TlsServer> public_pair_, admin_pair_;  // as last read; main thread
    http::ReloadStatus last_reload_;                            // main thread

    std::optional<http::FeedHub> feed_;

    // media loop
    Voices voices_;
    std::unique_ptr<recording::DiskRecorder> recorder_;  // before the journal's end: its rows go there
    std::optional<recording::PurgeTimer> purge_timer_;
    std::optional<transcribe::Worker> transcriber_;
    config::Uplink uplink_;  // as it is in force
    std::optional<ladder::Ladder> ladder_;
    std::optional<Prober> prober_;
    std::optional<call::Environment> environment_;
    std::optional<call::FollowUp> follow_up_;
    std::optional<dispatch::Desk> desk_;
    std::optional<call::LateCase> late_case_;
    std::optional<call::Registry> registry_;
    std::optional<call::CallerLegs> legs_;
    std::optional<http::FrontDoor> front_door_;
    std::unique_ptr<net::HttpListener> public_listener_;
    std::uint16_t public_port_ = 0;  // for the admin loop, which asks until the end, when the listener is gone
    std::optional<base::Timer> snapshot_timer_;
    std::uint64_t drain_changes_seen_ = 0;

    // admin loop
    MediaSnapshot snapshot_;
    http::SelftestStatus selftest_;
    bool closing_ = false;  // nobody is accepted any more
    std::optional<PlannedDrain> planned_drain_;
    std::uint64_t drain_changes_ = 0;
    http::ReloadStatus reload_status_;
    std::string base_url_;
    std::unique_ptr<RecordingReader> recording_reader_;
    std::unique_ptr<PurgePlan> purge_plan_;
    std::unique_ptr<ChainAnchor> chain_anchor_;
    std::optional<BoxWatch> box_watch_;
    base::Timer settled_timer_{admin_};
    std::optional<http::AdminRoutes> admin_routes_;
    std::unique_ptr<net::HttpListener> admin_listener_;

    supervise::Watchdog watchdog_;
    std::thread media_thread_, admin_thread_;
    std::optional<base::TimePoint> flush_until_;  // after a drain
    bool taken_down_ = false;
    std::uint64_t log_dropped_seen_ = 0;
};

Daemon::Daemon(std::string config_path, config::Config config, PromptsNeeded prompts)
    : config_path_(std::move(config_path)), prompts_needed_(prompts), config_(std::move(config)), running_(config_),
      started_utc_ms_(media_.utc_ms()) {}

Daemon::~Daemon() { take_down(); }

bool Daemon::take_down() {
    if (std::exchange(taken_down_, true)) return false;
    media_.stop();
    if (media_thread_.joinable()) media_thread_.join();
    // Calls and sockets of the media loop go before what they point to.
    public_listener_.reset();
    snapshot_timer_.reset();
    prober_.reset();
    front_door_.reset();
    legs_.reset();
    registry_.reset();
    late_case_.reset();
    desk_.reset();
    follow_up_.reset();
    purge_timer_.reset();
    if (transcriber_) transcriber_->stop();
    if (recorder_) recorder_->stop(k_recorder_flush);
    if (flush_until_) {
        flush_sync(sync_.get(), *flush_until_, [](std::chrono::milliseconds wait) {
            supervise::extend_timeout(k_extension);
            return supervise::wait_signal(wait) != supervise::Signal::terminate;
        });
    }
    const SyncEnd sync_end = stop_sync(sync_.get());  // it asks the journal
    if (journal_) journal_->stop(k_journal_flush);
    if (recording_reader_) recording_reader_->stop(k_reader_stop);
    admin_.stop();
    if (admin_thread_.joinable()) admin_thread_.join();
    admin_listener_.reset();
    admin_routes_.reset();
    settled_timer_.cancel();
    box_watch_.reset();
    planned_drain_.reset();
    chain_anchor_.reset();
    purge_plan_.reset();
    feed_.reset();
    if (starts_) starts_->forget();
    end_sync(std::move(sync_), sync_end);
    return sync_end == SyncEnd::left;
}

int Daemon::open_store() {
    store::SqliteJournalOptions options;
    options.path = config_.store.path;
    options.runtime_path = config_.store.runtime_path;
    options.site_id = config_.site.id;
    options.master_key_unreadable = config_.credentials.master_key_unreadable;
    if (!config_.credentials.master_key.reveal().empty()) {
        auto keys = store::MasterKeys::parse(config_.credentials.master_key);
        if (keys) {
            options.master_keys = std::move(*keys);
        } else {
            options.master_key_unreadable = true;
            k_log.error("master key is no good, what was sealed cannot be read", {{"detail", keys.error().detail}});
        }
    }
    options.while_opening = [] { supervise::extend_timeout(k_extension); };
    auto journal = store::SqliteJournal::open(std::move(options));
    if (!journal) {
        k_log.error(log::events::journal_refused, {{"code", journal.error().code}, {"detail", journal.error().detail}});
        return k_exit_storage;
    }
    journal_ = std::move(*journal);
    guard_start();
    if (safe_mode_) return 0;
    sync_ = start_sync(config_, media_, *journal_, line_share_, recordings(config_.recording.path, recording_keys(*journal_, k_key_wait)));
    return 0;
}

// P02. Behind the journal's lock, so that a second instance by mistake is no crash of the first.
void Daemon::guard_start() {
    starts_.emplace(config_.store.runtime_path);
    const auto begun = starts_->begin(supervise::Starts::since_boot());
    if (!begun.noted) k_log.warning("starts cannot be noted in the runtime folder, a crash loop will not be noticed");
    settled_timer_.arm(supervise::Starts::k_settled_after, [this] { starts_->forget(); });
    safe_mode_ = begun.safe;
    metrics::safe_mode.set(safe_mode_ ? 1 : 0);
    if (!safe_mode_) return;
    k_log.error(log::events::safe_mode);
    if (!journal_->append(store::Audit{media_.utc_ms(), "daemon", "safe_mode", "", std::nullopt})) {
        k_log.error("journal queue full, an audit row is lost");
    }
}

// In safe mode nothing talks to a provider, whatever the configuration says.
config::Config Daemon::in_force(config::Config config) const {
    if (safe_mode_) {
        config.ladder.rungs.clear();
        config.recording.transcribe = false;
    }
    return config;
}

int Daemon::open_public() {
    const auto& listen = config_.listen.public_;
    if (listen.tls) {
        auto tls = net::TlsServer::load(listen.certificate, listen.private_key);
        if (!tls) {
            k_log.error(log::events::certificate_refused, {{"detail", tls.error().detail}});
            return k_exit_configuration;
        }
        public_tls_ = std::move(*tls);
        public_pair_ = public_tls_->copy();
        if (!public_tls_->out_of_date().empty()) {
            k_log.error(log::events::certificate_expired, {{"code", public_tls_->out_of_date()}});
        }
        metrics::cert_not_after_seconds.set(static_cast<double>(public_tls_->not_after_utc_s()));
    }
    auto voices = Voices::build(media_, in_force(config_), prompts_.clips);
    if (!voices) {
        k_log.error("voice provider refused", {{"detail", voices.error().detail}});
        return k_exit_configuration;
    }
    voices_ = std::move(*voices);
    auto twilio_rest = rest_sender(media_, config_);
    if (!twilio_rest) {
        k_log.error("Twilio's REST interface refused", {{"detail", twilio_rest.error().detail}});
        return k_exit_configuration;
    }
    recorder_ = std::make_unique<recording::DiskRecorder>(recorder_options(config_, *journal_), *journal_);
    purge_timer_.emplace(media_, [this](recording::MayGo may_go) { recorder_->purge(std::move(may_go)); },
                         recording_release(sync_.get(), *journal_));
    if (!safe_mode_) purge_timer_->start();  // without the sync nobody knows what the agency has
    transcriber_.emplace(config_.recording.path, *journal_, [this](const base::CallSid& call) {
        media_.post([this, call] { late_case_->transcribed(call); });
    }, recording_keys(*journal_, k_key_wait));
    transcriber_->configure(transcription_service(in_force(config_)));
    uplink_ = config_.uplink;
    ladder_.emplace(voices_.ladder, media_.now(), base::random_u32());
    const auto make_voice = [this](ladder::Rung rung, const base::CallSid& call, voice::VoiceListener& listener) {
        return voices_.make(media_, rung, prompts_.clips, call, listener);
    };
    environment_.emplace(call::Environment{media_, *journal_, *feed_, prompts_.clips, make_voice, *ladder_,
                                           call_settings(config_, check_place(street_list(config_))), *recorder_,
                                           [this](const store::Dispatch& row) { desk_->proposed(row); }});
    auto settings = dispatch_settings(media_, config_);
    if (!settings) {
        k_log.error("dispatch webhook refused", {{"detail", settings.error().detail}});
        return k_exit_configuration;
    }
    desk_.emplace(media_, *journal_, base::random_u32);
    desk_->configure(std::move(*settings));
    desk_->set_moved([this](const dispatch::Life&, const store::Dispatch& step) {
        call::FeedEvent event;
        event.kind = "dispatch";
        event.call = step.call;
        event.utc_ms = step.utc_ms;
        event.offset_ms = step.offset_ms;
        event.detail = step.state;
        feed_->publish(std::move(event));
        registry_->dispatch_moved(step);
    });
    late_case_.emplace(call::LateCase::Parts{media_, *journal_, [this] { return environment_->settings->incident; },
                                             environment_->on_proposed});
    prober_.emplace(media_, *ladder_, make_voice);
    prober_->start();
    follow_up_.emplace(media_, *journal_, base::random_u32);
    follow_up_->set_send(std::move(*twilio_rest));
    registry_.emplace(*environment_, calls_allowed(config_.media.max_calls));
    registry_->set_follow_up(&*follow_up_);
    registry_->set_healthy(prompts_loaded_);
    legs_.emplace(media_, *registry_, *journal_);
    front_door_.emplace(media_, *registry_, *legs_, *follow_up_, *journal_, prompts_.files, front_door_settings(config_));

    see_to_interrupted();
    desk_->load();

    net::ListenOptions options;
    options.address = listen.address;
    options.port = listen.port;
    options.adopted_fd = supervise::inherited_socket("public");
    options.tls = public_tls_;
    const bool inherited = options.adopted_fd >= 0;
    auto listener = net::HttpListener::open(media_, std::move(options), *front_door_);
    if (!listener) {
        k_log.error("public listener failed", {{"detail", listener.error().detail}});
        return k_exit_internal;
    }
    public_listener_ = std::move(*listener);
    public_port_ = public_listener_->port();
    k_log.notice("public listener open", {{"address", inherited ? std::string("of the socket unit") : listen.address},
                                          {"port", public_listener_->port()}, {"tls", listen.tls}, {"calls_max", registry_->max_calls()}});
    if (inherited && listen.port != 0 && listen.port != public_listener_->port()) {
        k_log.warning("the socket unit has another port than listen.public.port", {{"port", public_listener_->port()}, {"configured", listen.port}});
    }
    return 0;
}

// Calls of a run that died: Twilio went on with them, or should have.
void Daemon::see_to_interrupted() {
    if (!follow_up_->enabled()) return;
    store::ReadCalls newest;
    newest.limit = k_interrupted_max;
    journal_->read_calls(newest, [this](base::Result<store::CallList> list) {
        if (!list) return;
        media_.post([this, calls = std::move(list->calls)] {
            const auto oldest = media_.utc_ms() - base::to_ms(k_interrupted_within);
            for (const auto& call : calls) {
                const bool lately = call.ended_utc_ms && *call.ended_utc_ms >= oldest;
                if (call.status == "interrupted" && lately) front_door_->left_behind(call.call, call.account_sid);
            }
        });
    });
}

int Daemon::open_admin() {
    const auto& listen = config_.listen.admin;
    if (listen.tls) {
        auto tls = net::TlsServer::load(listen.certificate, listen.private_key);
        if (!tls) {
            k_log.error("admin certificate refused", {{"detail", tls.error().detail}});
            return k_exit_configuration;
        }
        admin_tls_ = std::move(*tls);
        admin_pair_ = admin_tls_->copy();
    }
    http::AdminOptions admin_options;
    admin_options.loopback = net::is_loopback(listen.address);
    admin_options.transfer = [this](const base::CallSid& sid, std::function<void(base::Result<call::Transfer>)> answered) {
        media_.post([this, sid, answered = std::move(answered)] { answered(registry_->transfer(sid)); });
    };
    admin_options.dispatches.site_id = config_.site.id;
    admin_options.dispatches.approve = [this](const dispatch::Id& id, std::string by, auto answer) {
        media_.post([this, id, by = std::move(by), answer = std::move(answer)] { desk_->approve(id, by, answer); });
    };
    admin_options.dispatches.reject = [this](const dispatch::Id& id, std::string by, std::string why, auto answer) {
        media_.post([this, id, by = std::move(by), why = std::move(why), answer = std::move(answer)] {
            desk_->reject(id, by, why, answer);
        });
    };
    admin_options.dispatches.acknowledge = [this](const dispatch::Id& id, dispatch::Claim claim, auto answer) {
        media_.post([this, id, claim = std::move(claim), answer = std::move(answer)] { desk_->acknowledge(id, claim, answer); });
    };
    admin_options.letter_retried = [this](const std::string& target) {
        if (target == "cad") media_.post([this] { desk_->look_again(); });
    };
    recording_reader_ = std::make_unique<RecordingReader>(recordings(config_.recording.path, recording_keys(*journal_, k_key_wait)));
    admin_options.read_recording = [this](std::string path, std::int64_t offset, std::int64_t bytes, auto answer) {
        recording_reader_->read(std::move(path), offset, bytes, std::move(answer));
    };
    purge_plan_ = std::make_unique<PurgePlan>(PurgePlan::Parts{
        admin_, *journal_,
        [this](const base::CallSid& call, std::function<void(bool)> done) { recorder_->remove(call, std::move(done)); },
        sync_ ? "mongodb" : "", purge_days(config_),
        std::filesystem::path(config_.store.path).parent_path().string(), sync_ && config_.mongodb.audio ? "mongodb.audio" : "",
        [this](std::int64_t before_utc_ms) { journal_->remove_set_aside(before_utc_ms); }});
    if (!safe_mode_) purge_plan_->start();
    chain_anchor_ = std::make_unique<ChainAnchor>(admin_, *journal_);
    chain_anchor_->start();
    admin_options.purge = [this](const base::CallSid& call, std::string actor, std::string reason, auto done) {
        purge_plan_->purge_call(call, false, std::move(actor), std::move(reason), std::move(done));
    };
    planned_drain_.emplace(admin_, *journal_, [this](bool drain) {
        media_.post([this, drain, change = ++drain_changes_] {
            drain ? registry_->drain() : registry_->undrain();
            drain_changes_seen_ = change;
            take_snapshot();
        });
    });
    admin_options.drain.begin = [this](const std::string& by, const std::string& why, std::chrono::seconds limit) {
        return planned_drain_->begin(by, why, limit);
    };
    admin_options.drain.end = [this](const std::string& by, const std::string& why) { return planned_drain_->end(by, why); };
    admin_options.selftest_told = [this](const http::SelftestStatus& last) { selftest_ = last; };
    base_url_ = config_.listen.public_.base_url;
    admin_routes_.emplace(admin_, *journal_, *feed_, [this] { return status(); }, admin_options);
    net::ListenOptions options;
    options.address = listen.address;
    options.port = listen.port;
    options.tls = admin_tls_;
    options.limits.connections_max = limits::admin_connections_max;
    // Operators and their tools show no signature: every admin connection counts as unproven.
    options.limits.unproven_drop_from = limits::admin_connections_max;
    options.limits.unproven_max = limits::admin_connections_max + 1;
    options.limits.unproven_per_address = limits::admin_connections_max;
    auto listener = net::HttpListener::open(admin_, std::move(options), *admin_routes_);
    if (!listener) {
        k_log.error("admin listener failed", {{"detail", listener.error().detail}});
        return k_exit_internal;
    }
    admin_listener_ = std::move(*listener);
    k_log.notice("admin listener open", {{"address", listen.address}, {"port", admin_listener_->port()}});
    return 0;
}

int Daemon::start() {
    metrics::start_time_seconds.set(static_cast<double>(started_utc_ms_) / 1000.0);
    auto prompts = load_prompts(config_.prompts.path);
    if (prompts) {
        prompts_ = std::move(*prompts);
        prompts_loaded_ = true;
        for (const auto& problem : prompts_.problems) k_log.error("prompt passed over", {{"detail", problem}});
    } else if (std::string_view(prompts.error().code) == "no_prompts" && prompts_needed_ == PromptsNeeded::yes) {
        k_log.error(log::events::prompts_none, {{"detail", prompts.error().detail}});
        return k_exit_configuration;
    } else {
        k_log.error(log::events::prompts_missing, {{"detail", prompts.error().detail}});
    }
    feed_.emplace(admin_, base::version(), config_.site.id);
    if (const int code = open_store()) return code;
    if (const int code = open_public()) return code;
    if (const int code = open_admin()) return code;
    watch_box();
    snapshot_timer_.emplace(media_);
    take_snapshot();
    watchdog_.watch(media_);
    media_thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "media");
        media_.run();
    });
    admin_thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "admin");
        admin_.run();
    });
    return 0;
}

void Daemon::watch_box() {
    BoxWatch::Parts parts{admin_, *journal_, [this] { return status(); }, {}, {}};
    parts.certificates = [this] {
        return std::vector<BoxWatch::Certificate>{{"public", snapshot_.certificate_not_after_utc_s},
                                                  {"admin", admin_tls_ ? admin_tls_->not_after_utc_s() : 0}};
    };
    parts.tell = [this](const std::string& line) { status_line_.tell(line); };
    parts.safe_mode = safe_mode_;
    parts.disk = supervise::device_of(config_.store.path);
    box_watch_.emplace(std::move(parts));
    box_watch_->start();
}

// READY means that a caller would be served: the media loop turns, and the admin loop has judged what it was told.
bool Daemon::loops_answer() {
    auto judged = std::make_shared<std::promise<void>>();
    auto answer = judged->get_future();
    media_.post([this, judged] {
        admin_.post([this, judged] {
            box_watch_->look();
            judged->set_value();
        });
    });
    const auto until = base::Mono::now() + k_first_answer;
    while (answer.wait_for(std::chrono::seconds(1)) != std::future_status::ready) {
        if (base::Mono::now() >= until) return false;
        supervise::extend_timeout(k_extension);
    }
    return true;
}

// Media loop.
void Daemon::take_snapshot() {
    MediaSnapshot snapshot;
    snapshot.calls_active = static_cast<std::int64_t>(registry_->active());
    snapshot.calls_max = registry_->max_calls();
    snapshot.draining = registry_->draining();
    snapshot.drain_changes = drain_changes_seen_;
    snapshot.healthy = registry_->healthy();
    snapshot.ladder = ladder_->snapshot(media_.now());
    for (const auto& change : ladder_news_.look(snapshot.ladder)) {
        const log::Fields fields = {{"rung", change.rung}, {"reason", change.reason}, {"new_calls_get", change.best}};
        if (change.level == log::Level::warning) k_log.warning(*change.event, fields);
        else k_log.notice(*change.event, fields);
    }
    line_share_.set(snapshot.ladder, snapshot.calls_active, uplink_);
    transcriber_->allow(may_transcribe(snapshot.ladder, snapshot.calls_active, uplink_));
    metrics::uplink_score_up.set(snapshot.ladder.uplink_up);
    metrics::uplink_score_down.set(snapshot.ladder.uplink_down);
    snapshot.certificate_not_after_utc_s = public_tls_ ? public_tls_->not_after_utc_s() : 0;
    admin_.post([this, snapshot = std::move(snapshot)] { snapshot_ = snapshot; });
    const auto dropped = log::dropped();
    metrics::log_dropped_total.add(dropped - std::exchange(log_dropped_seen_, dropped));
    snapshot_timer_->arm(k_snapshot_every, [this] { take_snapshot(); });
}

// Admin loop.
http::DaemonStatus Daemon::status() const {
    http::DaemonStatus s;
    s.version = base::version();
    s.site_id = config_.site.id;
    s.started_utc_ms = started_utc_ms_;
    s.drain = planned_drain_->status();
    // The number of calls below was then counted after the last new one: it only falls.
    s.drain.in_force = snapshot_.draining && snapshot_.drain_changes == drain_changes_;
    s.draining = snapshot_.draining || s.drain.active;
    s.selftest = selftest_;
    s.calls_active = snapshot_.calls_active;
    s.calls_max = snapshot_.calls_max;
    s.store = journal_->status();
    s.sync = sync_status(sync_.get());
    s.rungs = rung_status(snapshot_.ladder);
    s.voice = voice_status(snapshot_.ladder);
    s.line = {snapshot_.ladder.uplink_up, snapshot_.ladder.uplink_down, snapshot_.ladder.uplink_is_down,
              snapshot_.ladder.line_calls};
    s.prompts_loaded = prompts_.files.size();
    s.public_.address = config_.listen.public_.address;
    s.public_.port = closing_ ? 0 : public_port_;
    s.public_.tls = config_.listen.public_.tls;
    s.public_.base_url = base_url_;
    s.reload = reload_status_;
    s.public_.certificate_not_after_utc_s = snapshot_.certificate_not_after_utc_s;
    s.box = box_watch_->box();
    http::decide_ready(s, admin_.utc_ms());
    return s;
}

void Daemon::reload() {
    supervise::notify_reloading();
    auto loaded = config::load_file(config_path_, config::Environment::process());
    if (!loaded.config) {
        refuse(loaded.problems);
    } else if (const auto applied = apply(*loaded.config); !applied) {
        refuse({{config_path_, 0, 0, "", applied.error().detail, ""}});
    }
    supervise::notify_ready(status_line());
}

void Daemon::refuse(const std::vector<config::Problem>& problems) {
    metrics::reload_total.add("rejected");
    for (const auto& problem : problems) {
        k_log.error(log::events::config_refused, {{"problem", to_string(problem)}});
    }
    last_reload_.utc_ms = media_.utc_ms();
    last_reload_.problem = to_string(problems.front());
    last_reload_.problems = problems.size();
    // The same refusal again is no news for the journal.
    if (std::exchange(last_reload_.result, "rejected") != "rejected") {
        const store::Audit row{*last_reload_.utc_ms, "daemon", "reload", "result=rejected", std::nullopt};
        if (!journal_->append(row)) k_log.error("journal queue full, an audit row is lost");
    }
    admin_.post([this, status = last_reload_] { reload_status_ = status; });
}

// All that can fail is made first; then the loops take it between two events. Running calls keep their snapshot.
base::Result<void> Daemon::apply(const config::Config& loaded) {
    auto diff = config::diff_reload(running_, loaded);
    const config::Config& next = diff.effective;
    auto voices = Voices::build(media_, in_force(next), prompts_.clips);
    if (!voices) return voices.error();
    auto rest = rest_sender(media_, next);
    if (!rest) return rest.error();
    auto desk = dispatch_settings(media_, next);
    if (!desk) return desk.error();
    auto streets = read_streets(next);
    if (!streets) return streets.error();
    // Who turns TLS off, which needs a restart, may have taken the files away already.
    auto public_pair = public_pair_, admin_pair = admin_pair_;
    const auto read_again = [&diff](auto& pair, bool tls, const auto& listen, const char* name) -> base::Result<void> {
        if (!pair || !tls) return {};
        auto read = next_pair(pair.get(), listen.certificate, listen.private_key);
        if (!read) {
            k_log.error(log::events::certificate_kept, {{"detail", read.error().detail}});
            return read.error();
        }
        if (!(*read)->has_certificate_of(*pair)) diff.applied.emplace_back(name);
        pair = std::move(*read);
        return {};
    };
    if (auto good = read_again(public_pair, loaded.listen.public_.tls, next.listen.public_, "listen.public.certificate (content)"); !good) {
        return good.error();
    }
    if (auto good = read_again(admin_pair, loaded.listen.admin.tls, next.listen.admin, "listen.admin.certificate (content)"); !good) {
        return good.error();
    }

    for (const auto& key : diff.needs_restart) k_log.warning(log::events::key_needs_restart, {{"key", key}});
    for (const auto& key : diff.applied) k_log.notice("changed key applied", {{"key", key}});
    const auto now_utc_ms = media_.utc_ms();
    const bool news = !diff.applied.empty() || diff.needs_restart != last_reload_.needs_restart || last_reload_.result == "rejected";
    if (news) {
        const store::Audit row{now_utc_ms, "daemon", "reload",
                               "result=ok applied=" + std::to_string(diff.applied.size()) +
                                   " needs_restart=" + std::to_string(diff.needs_restart.size()),
                               std::nullopt};
        if (!journal_->append(row)) k_log.error("journal queue full, an audit row is lost");
    }
    last_reload_ = {now_utc_ms, "ok", "", 0, diff.needs_restart};
    public_pair_ = std::move(public_pair);
    admin_pair_ = std::move(admin_pair);
    running_ = std::move(diff.effective);

    log::set_level(config::log_level(running_));
    transcriber_->configure(transcription_service(in_force(running_)));
    recorder_->set_retention(recording_days(running_));
    const auto check = check_place(*streets);
    media_.post([this, next = running_, voices = std::move(*voices), rest = std::move(*rest), desk = std::move(*desk), check,
                 pair = public_pair_, admin_pair = admin_pair_, status = last_reload_, changed = diff.applied.size()]() mutable {
        desk_->configure(std::move(desk));
        follow_up_->set_send(std::move(rest));
        front_door_->set_settings(front_door_settings(next));
        voices_ = std::move(voices);
        registry_->set_max_calls(calls_allowed(next.media.max_calls));
        ladder_->configure(voices_.ladder, media_.now(), base::random_u32());
        environment_->settings = call_settings(next, check);
        uplink_ = next.uplink;
        if (public_tls_) {
            public_tls_->take_from(*pair);
            metrics::cert_not_after_seconds.set(static_cast<double>(public_tls_->not_after_utc_s()));
        }
        // Who reads on the admin side that it is in force must find it so.
        admin_.post([this, next, admin_pair, status, changed] {
            if (admin_tls_) admin_tls_->take_from(*admin_pair);
            purge_plan_->set_days(purge_days(next));
            base_url_ = next.listen.public_.base_url;
            reload_status_ = status;
            metrics::reload_total.add("ok");
            const auto waiting = status.needs_restart.size();
            k_log.notice(log::events::config_reloaded,
                         {{"changed", changed + waiting > 0}, {"applied", changed}, {"needs_restart", waiting}});
        });
    });
    return {};
}

// New callers go to people; running calls may finish. A second SIGTERM does not wait for them, nor for the agency's database. When
// somebody had the box drained before (holdfastctl upgrade), a restart is meant: calls had their time once its limit has passed, and
// what waits for the agency's database can be sent by the next run, while callers wait in the queue of the port for it.
void Daemon::drain() {
    supervise::notify_stopping(status_line());
    const auto calls = static_cast<std::int64_t>(metrics::calls_active.value());
    // The journal's own row of the stop is its last, which the agency gets after the next start.
    const store::Audit row{media_.utc_ms(), "daemon", "drain", "calls=" + std::to_string(calls), std::nullopt};
    if (!journal_->append(row)) k_log.error("journal queue full, an audit row is lost");
    // Who reads that it drains must find it so.
    media_.post([this, calls] {
        registry_->drain_for_good();
        k_log.notice(log::events::draining, {{"calls", calls}});
    });
    const auto planned = planned_drain_->state();
    admin_.post([this] { planned_drain_->stopping(); });
    const bool waited = planned == PlannedDrain::State::limit_passed;
    const auto until = base::Mono::now() + (waited ? base::Mono::duration::zero() : base::Mono::duration(limits::drain_time));
    bool hurry = planned != PlannedDrain::State::none;
    while (metrics::calls_active.value() > 0 && base::Mono::now() < until) {
        supervise::extend_timeout(k_extension);
        const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(until - base::Mono::now());
        const auto most = std::clamp(wait, std::chrono::milliseconds(1), std::chrono::milliseconds(100));
        if (supervise::wait_signal(most) != supervise::Signal::terminate) continue;
        hurry = true;
        break;
    }
    auto legs_open = std::make_shared<std::atomic<std::size_t>>(1);
    const auto goodbye = base::Mono::now() + k_goodbye;
    admin_.post([this] { closing_ = true; });
    media_.post([this] {
        public_listener_->stop_accepting();
        registry_->close_all();
    });
    while (legs_open->load() > 0 && base::Mono::now() < goodbye) {
        media_.post([this, legs_open] { legs_open->store(legs_->open()); });
        hurry = supervise::wait_signal(std::chrono::milliseconds(20)) == supervise::Signal::terminate || hurry;
    }
    admin_.post([this] { feed_->close_all(); });
    if (!hurry) flush_until_ = until;
}

int Daemon::run() {
    if (!loops_answer()) {
        k_log.error("media or admin loop does not answer, start given up");
        return k_exit_internal;
    }
    supervise::notify_ready(status_line());
    k_log.notice(log::events::ready, {{"version", base::version()},
                           {"site", config_.site.id},
                           {"rung", ladder::to_string(ladder_->best(media_.now()))}});
    const auto watch = supervise::watchdog_interval();
    const auto probe_every = watch.count() > 0
                                 ? std::min<base::Mono::duration>(k_probe_every, watch / 2)
                                 : base::Mono::duration(k_probe_every);
    auto next_probe = base::Mono::now();
    for (;;) {
        const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(next_probe - base::Mono::now());
        const auto signal = supervise::wait_signal(std::max(wait, std::chrono::milliseconds(0)));
        if (signal == supervise::Signal::terminate) break;
        if (signal == supervise::Signal::reload) reload();
        if (signal == supervise::Signal::freeze) {
            k_log.error("media loop frozen by a debug switch", {{"seconds", std::chrono::seconds(k_debug_freeze).count()}});
            media_.post([] { std::this_thread::sleep_for(k_debug_freeze); });
        }
        const auto now = base::Mono::now();
        if (now < next_probe) continue;
        next_probe = now + probe_every;
        if (watchdog_.probe()) {
            supervise::notify_watchdog();
        } else {
            k_log.error(log::events::media_silent);
        }
    }
    drain();
    return k_exit_stopped;
}

config::LoadResult load_or_explain(const std::string& path) {
    auto loaded = config::load_file(path, config::Environment::process());
    for (const auto& problem : loaded.problems) std::cerr << to_string(problem) << '\n';
    for (const auto& note : loaded.notes) std::cerr << "note: " << note << '\n';
    return loaded;
}

}  // namespace

int check_config(const std::string& path) {
    const auto loaded = load_or_explain(path);
    for (const auto& file : loaded.files) std::cout << "read " << file << '\n';
    if (!loaded.config) return k_exit_configuration;
    std::cout << path << ": good\n";
    return 0;
}

std::string version() { return std::string(base::version()); }

int print_reference() {
    std::cout << config::reference_yaml();
    return 0;
}

int print_manual() {
    std::cout << config::reference_manual();
    return 0;
}

int run_daemon(const std::string& config_path, PromptsNeeded prompts, DebugSwitches debug) {
    supervise::block_signals(debug == DebugSwitches::on);
    supervise::explain_crashes(base::version());
    auto config = load_or_explain(config_path).config;
    if (!config) return k_exit_configuration;
    std::optional<log::Session> log_session;
    log_session.emplace(log::Options{config::log_level(*config), config::log_format(*config)});
    Daemon daemon(config_path, std::move(*config), prompts);
    const int failed = daemon.start();
    const int code = failed != 0 ? failed : daemon.run();
    const bool left = daemon.take_down();
    if (failed == 0) k_log.notice(log::events::stopped);
    if (left) {
        log_session.reset();  // with its last lines
        std::_Exit(code);
    }
    return code;
}

}  // namespace holdfast::app
