// Every number that protects us, with unit and reason. A limit that can be reached has a metric.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace holdfast::limits {

using namespace std::chrono_literals;

// --- public listener (failure-matrix.md, "Limits on the public listener") ---
constexpr std::size_t header_bytes_max = 16 * 1024;
constexpr std::size_t header_fields_max = 64;
constexpr std::size_t body_bytes_max = 64 * 1024;       // a webhook is below 4 KB
constexpr auto tls_and_header_total = 5s;               // TLS handshake and first header together
constexpr auto body_total = 5s;
constexpr auto keep_alive_idle = 30s;
constexpr std::size_t connections_max = 1024;
constexpr std::size_t unproven_drop_from = 32;          // early drop starts here at 30 % ...
constexpr std::size_t unproven_max = 128;               // ... and reaches every connection here
constexpr double unproven_drop_first = 0.30;
constexpr std::size_t unproven_per_address = 16;        // IPv4 /32, IPv6 /64
constexpr std::size_t handshakes_max = 64;              // TLS handshakes at a time
constexpr std::size_t handshakes_per_second = 100;
constexpr std::size_t penalty_bad_signatures = 5;       // in penalty_window ...
constexpr auto penalty_window = 60s;
constexpr auto penalty_time = 60s;                      // ... refuses the address this long
constexpr std::size_t penalty_table_max = 10'000;
constexpr auto accept_pause = 100ms;                    // after EMFILE; cpp-daemon.md 1.4 trap 1

// --- webhook form (T05) ---
constexpr std::size_t form_fields_max = 200;
constexpr std::size_t form_value_bytes_max = 4 * 1024;

// --- caller leg ---
constexpr std::size_t caller_message_bytes_max = 64 * 1024;  // real frames are below 0.5 KB
constexpr std::size_t ws_fragments_max = 64;
constexpr auto upgrade_to_start = 5s;                        // T08
constexpr std::size_t messages_before_start_max = 4;
constexpr auto webhook_to_start = 30s;                       // the provider session waits this long
constexpr auto token_life = 30s;
constexpr auto replay_memory = 15min;                        // T04
constexpr auto dup_stream_takeover = 10s;                    // T11
constexpr auto stream_follows_within = 3s;                   // twilio.md 3.2: TwiML served, no start
constexpr auto twilio_follows_within = 3s;                   // stream gone: somebody rings, the sentence's time aside
constexpr auto media_idle_ping = 3s;                         // T17
constexpr auto media_idle_close = 10s;
constexpr auto caller_queue_stuck = 10s;                     // T19
constexpr auto caller_queue_media_max = 400ms;               // T19: blocked socket, oldest audio goes
constexpr std::size_t caller_queue_bytes_max = 256 * 1024;
constexpr auto gap_pad_max = 10s;                            // T12
constexpr auto gap_speech_idle = 750ms;                      // T12: no frames while speech is active
constexpr auto gap_speech_silence = 1000ms;                  // T12: ... then this much silence
constexpr std::size_t caller_payload_base64_max = 16 * 1024; // 1.5 s in one message is already odd
constexpr std::size_t dtmf_kept = 32;                        // T21
constexpr std::size_t dtmf_per_second = 20;

// --- playout to the caller ---
constexpr std::size_t out_message_base64 = 640;              // 480 bytes, 60 ms of mu-law
constexpr auto playout_ahead = 1000ms;                       // audio in flight at Twilio
constexpr auto playout_waiting_max = 60s;                    // beyond: the response is cancelled
constexpr auto last_words_patience = 6s;                      // a transcript that is on its way when the call ends
constexpr auto mark_every = 180ms;                           // openai-realtime.md T24: 100 to 200 ms
constexpr auto mark_timeout = 5s;                            // T20, after the audio should have ended
constexpr auto caller_ring = 30s;                            // kept for a voice that is not ready

// --- voice leg ---
constexpr std::size_t provider_message_bytes_max = 1024 * 1024;
constexpr std::size_t provider_queue_bytes_max = 2 * 1024 * 1024;  // 30 s ring is 0.4 MB of text
constexpr std::size_t provider_bad_frames_max = 3;           // O17, in bad_frame_window
constexpr auto provider_bad_frame_window = 10s;
constexpr std::size_t tool_arguments_bytes_max = 64 * 1024;
constexpr std::size_t tool_calls_per_second = 5;
constexpr auto session_life_max = 55min;                     // O12
constexpr auto session_life_default = 50min;                 // when expires_at is implausible
constexpr std::size_t history_items_max = 64;                // replayed into a renewed session
constexpr std::size_t history_bytes_max = 32 * 1024;

// --- ladder (failure-matrix.md, default timers; design.md section 2) ---
constexpr std::size_t breaker_failures = 3;                  // in breaker_window opens it
constexpr auto breaker_window = 10s;
constexpr auto breaker_backoff_first = 250ms;                // full jitter, doubling ...
constexpr auto breaker_backoff_most = 30s;                   // ... to this
constexpr auto breaker_probe_max = 10s;                      // a probe that never reports frees its place
constexpr auto breaker_hold_auth = 60s;                      // O01: no retry for this key
constexpr auto breaker_hold_policy = 60s;                    // O02, O09: the same request is refused again
constexpr auto breaker_hold_account = 10min;                 // E01: keys and quotas do not heal by retry
constexpr auto retry_after_least = 1s;                       // O03: what Retry-After can mean
constexpr auto retry_after_most = 10min;                     // ... and no peer may switch us off for longer
constexpr std::size_t health_bad_turns = 2;                  // N09: two bad turns go down
constexpr auto health_good_time = 30s;                       // ... thirty good seconds go up
constexpr auto health_connect_slow = 1500ms;                 // elevenlabs.md 8: mint above 1.5 s
constexpr auto health_ping_slow = 1000ms;                    // N09: slower answers, filler covers
constexpr auto health_ping_dead = 4000ms;                    // N09: at 5 s no talk is possible
constexpr std::size_t health_pings_lost_dead = 2;            // live-leg ping: dead after two misses
constexpr std::size_t health_pings_kept = 16;                // loss is measured over these
constexpr auto health_first_audio_slow = 1500ms;             // the caller hears a filler from here
constexpr auto health_first_audio_dead = 4000ms;             // ... and is on another rung from here
constexpr std::size_t health_server_errors = 2;              // O11: in breaker_window
constexpr auto health_queue_strained = 400ms;                // bounded media queue, N12
constexpr auto health_queue_dead = 2000ms;                   // talk with this much delay is none
constexpr auto health_stale = 60s;                           // a measurement older than this says nothing
constexpr double tokens_low = 0.10;                          // O26: below, new calls go elsewhere
constexpr std::size_t peer_connects_per_second = 5;          // N26
constexpr auto probe_jitter = 5s;                            // start-up probes do not come all at once
constexpr int call_kbps = 180;                               // N12: one call, each way
constexpr auto uplink_queue_good = 100ms;                    // Twilio send queue, 5 frames
constexpr auto uplink_queue_bad = 400ms;                     // N12: where frames are dropped
constexpr auto uplink_rtt_good = 200ms;                      // N09: nobody notices
constexpr auto uplink_rtt_bad = 1000ms;
constexpr double uplink_late_good = 0.01;                    // N11: 1 % is not heard
constexpr double uplink_late_bad = 0.20;                     // N11: from here a talk is impossible
constexpr auto uplink_window = 5s;                           // scores are means over this
constexpr auto losses_together = 1s;                         // sessions lost within it are one failure

// --- caller who asks for a person ---
constexpr std::size_t person_words_max = 64;                 // each is looked for in every utterance
constexpr std::size_t person_word_bytes_max = 64;

// --- process ---
constexpr std::size_t journal_queue_rows_max = 20'000;
constexpr std::size_t feed_queue_events_max = 4'096;
constexpr std::size_t feed_clients_max = 64;
constexpr std::size_t admin_connections_max = 128;
constexpr auto admin_read_timeout = 5s;                      // a question to the journal, then 503
constexpr auto admin_view_again = 60s;                       // views of one call closer together are one audit row
constexpr std::size_t admin_views_kept = 1'024;
constexpr std::size_t admin_exports_max = 32;                // whose sound may be asked for; the longest unused goes first
constexpr auto admin_export_idle = std::chrono::minutes(10); // of one whose sound nobody asks for any more
constexpr std::size_t admin_recording_part_bytes_max = 1024 * 1024;  // of a recording, in one answer
constexpr std::size_t admin_recording_parts_waiting_max = 16;        // for the disk, beyond the one being read
constexpr std::size_t feed_client_bytes_max = 128 * 1024;    // a slow reader's queue; the oldest goes first (A17)
constexpr std::size_t feed_inbound_bytes_max = 4 * 1024;     // readers have nothing to say
constexpr std::size_t feed_inbound_messages_max = 16;        // ... per feed_ping
constexpr auto feed_ping = 20s;
constexpr auto feed_silence_max = 60s;                       // three pings without an answer: cut
constexpr auto sync_late = std::chrono::hours(1);            // oldest change not delivered: alarm (M01)
constexpr auto certificate_warning = std::chrono::hours(24 * 14);
constexpr auto drain_time = 30s;
constexpr auto drain_limit = 300s;                           // of a drain before a restart, unless it says another one
constexpr auto drain_limit_max = std::chrono::seconds(3600);
constexpr auto drain_without_restart = 60s;                  // after its limit; then callers are taken again

// --- dispatch ---
constexpr auto dispatch_give_up = std::chrono::hours(6);     // of posting one document; then it is a dead letter

// --- journal ---
constexpr std::size_t journal_batch_rows_max = 1'000;        // one commit; its first row waits for its last
constexpr std::size_t journal_reads_max = 256;               // questions waiting; the next one is refused
constexpr double disk_filling = 0.20;                        // free share: the first alarm (D01)
constexpr double disk_nearly_full = 0.05;                    // the second; what is old and synced is purged before its time
constexpr std::size_t journal_ballast_bytes = 1024 * 1024;   // given up so that a checkpoint fits (D01)
constexpr std::size_t journal_emergency_bytes_max = 64 * 1024 * 1024;   // /run is memory
constexpr std::size_t journal_row_bytes_max = 2 * 1024 * 1024;          // provider_message_bytes_max fits
constexpr std::int64_t journal_database_bytes_max = std::int64_t{16} << 30;
constexpr int journal_checkpoint_pages = 1'000;              // 4 MB of write-ahead log
constexpr std::size_t journal_salvage_batch_rows = 64;       // between two live commits

static_assert(unproven_drop_from < unproven_max && unproven_max < connections_max);
static_assert(provider_message_bytes_max < journal_row_bytes_max);
static_assert(breaker_hold_auth <= breaker_hold_account && retry_after_least < retry_after_most);
static_assert(health_first_audio_slow < health_first_audio_dead && health_ping_slow < health_ping_dead);
static_assert(uplink_queue_good < uplink_queue_bad && uplink_rtt_good < uplink_rtt_bad);
static_assert(media_idle_ping < media_idle_close);
static_assert(2 * feed_ping <= feed_silence_max, "one lost pong must not cut a reader");
static_assert(gap_speech_silence > 500ms, "must outlast the default VAD silence, or no turn ends");
static_assert(out_message_base64 % 4 == 0, "messages are cut between base64 groups");

}  // namespace holdfast::limits
