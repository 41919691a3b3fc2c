// The one table of the daemon's metrics. Names end in their unit (_seconds, _bytes) or _total.
#pragma once

#include "metrics/metrics.hpp"

namespace holdfast::metrics {

// Calls
inline Counter calls_total{"holdfast_calls_total", "Calls announced by a signed voice webhook."};
inline Gauge calls_active{"holdfast_calls_active", "Calls between webhook and end."};
inline LabelledCounter calls_ended_total{"holdfast_calls_ended_total", "Calls ended, by reason.", "reason",
    {"stop", "callback", "socket_closed", "timeout", "voice_lost", "transferred", "never_streamed",
     "overflow", "drain", "protocol", "other"}};
inline Counter calls_interrupted_total{"holdfast_calls_interrupted_total",
    "Calls found open in the journal at start, after an unclean stop."};
inline LabelledCounter admission_refused_total{"holdfast_admission_refused_total",
    "Calls answered with person TwiML instead of a stream, by cause.", "cause",
    {"limit", "bandwidth", "budget", "unhealthy", "no_rung", "draining", "form", "other"}};

// Front door
inline LabelledCounter sig_fail_total{"holdfast_sig_fail_total", "Requests refused for their signature.", "route",
    {"voice", "status", "next", "whisper", "media", "other"}};
inline LabelledCounter sig_variant_total{"holdfast_sig_variant_total", "Signed requests, by the URL form that matched.", "which",
    {"plain", "port", "slash", "port_slash", "other"}};
inline LabelledCounter sig_key_total{"holdfast_sig_key_total", "Signed requests, by the auth token that matched.", "which",
    {"primary", "next", "unchecked"}};
inline LabelledCounter replay_total{"holdfast_replay_total", "Webhooks repeated for a known call.", "kind",
    {"retry", "refused", "other"}};
inline LabelledCounter form_reject_total{"holdfast_form_reject_total", "Webhook bodies refused.", "reason",
    {"too_large", "too_many_fields", "value_too_long", "bad_encoding", "nul", "call_sid", "repeated", "other"}};
inline LabelledCounter http_reject_total{"holdfast_http_reject_total", "HTTP requests refused before routing.", "reason",
    {"malformed", "header_too_large", "body_too_large", "transfer_encoding", "content_length", "expect",
     "version", "method", "pipelined", "other"}};
inline LabelledCounter http_timeout_total{"holdfast_http_timeout_total", "Connections cut for slowness.", "stage",
    {"tls", "header", "body", "write", "other"}};
inline LabelledCounter accept_fail_total{"holdfast_accept_fail_total", "Connections not accepted.", "cause",
    {"descriptors", "limit", "per_address", "early_drop", "penalty", "handshakes", "other"}};
inline Gauge connections_open{"holdfast_connections_open", "Sockets open on the public listener."};
inline Gauge cert_not_after_seconds{"holdfast_cert_not_after_seconds", "End of validity of our certificate, unix time."};
inline LabelledCounter reload_total{"holdfast_reload_total", "Configuration reloads.", "result", {"ok", "rejected"}};

// Ladder
inline LabelledCounter rung_changes_total{"holdfast_rung_changes_total", "Calls that changed their rung, by the new one.", "to",
    {"openai", "eleven_realtime", "eleven_agent", "scripted", "canned", "person", "other"}};
inline Gauge uplink_score_up{"holdfast_uplink_score_up", "The box's line away from us: 1 good, 0 unusable."};
inline Gauge uplink_score_down{"holdfast_uplink_score_down", "The box's line towards us: 1 good, 0 unusable."};

// Caller leg
inline LabelledCounter ws_close_total{"holdfast_ws_close_total", "Media sockets we closed, by close code.", "code",
    {"1000", "1001", "1002", "1003", "1007", "1008", "1009", "1011", "other"}};
inline Counter ws_no_start_total{"holdfast_ws_no_start_total", "Media sockets closed because no start message came."};
inline LabelledCounter ws_proto_total{"holdfast_ws_proto_total", "Media Streams protocol violations.", "kind",
    {"order", "binary", "json", "field", "stream_sid", "other"}};
inline Counter token_fail_total{"holdfast_token_fail_total", "Streams with a wrong, used or foreign token."};
inline Counter dup_stream_total{"holdfast_dup_stream_total", "Second streams for a call that has one."};
inline Counter media_frames_in_total{"holdfast_media_frames_in_total", "Caller audio messages accepted."};
inline Counter media_frames_out_total{"holdfast_media_frames_out_total", "Audio messages sent to the caller."};
inline Counter media_gap_total{"holdfast_media_gap_total", "Gaps found in caller audio."};
inline MillisecondCounter media_padded_ms_total{"holdfast_media_padded_seconds_total", "Silence put into gaps."};
inline Counter media_duplicate_total{"holdfast_media_duplicate_total", "Caller audio messages seen twice and dropped."};
inline LabelledCounter media_bad_total{"holdfast_media_bad_total", "Caller audio messages refused.", "reason",
    {"base64", "length", "track", "format", "other"}};
inline LabelledCounter media_dropped_total{"holdfast_media_dropped_total", "Audio messages dropped.", "where",
    {"caller_socket", "voice_socket", "stale", "other"}};
inline LabelledCounter unknown_event_total{"holdfast_unknown_event_total", "Messages of an unknown type, ignored.", "peer",
    {"twilio", "provider"}};
inline Counter media_idle_total{"holdfast_media_idle_total", "Calls ended because Twilio sent no media."};
inline Counter dtmf_total{"holdfast_dtmf_total", "Keys pressed."};
inline Counter dtmf_dropped_total{"holdfast_dtmf_dropped_total", "Keys beyond the rate cap."};
inline Counter mark_timeout_total{"holdfast_mark_timeout_total", "Marks that Twilio never returned."};

inline LabelledCounter rest_redirect_total{"holdfast_rest_redirect_total",
    "Live calls told over Twilio's REST interface to dial a person, because Twilio did not by itself.", "reason",
    {"no_stream", "not_dialled", "restart", "other"}};
inline LabelledCounter twilio_rest_total{"holdfast_twilio_rest_total", "Requests to Twilio's REST interface, by how they ended.",
    "result", {"ok", "gone", "auth", "refused", "server", "network", "json", "other"}};

// Voice leg
inline LabelledCounter upstream_connect_total{"holdfast_upstream_connect_total", "Provider sessions opened, by result.", "result",
    {"configured", "refused", "timeout", "network", "tls", "protocol", "other"}};
inline LabelledCounter upstream_lost_total{"holdfast_upstream_lost_total", "Provider sessions lost, in a call or a probe.", "reason",
    {"closed", "network", "ping", "expired", "auth", "quota", "model", "server_error", "protocol", "format", "config",
     "silent", "timeout", "other"}};
inline LabelledCounter upstream_error_total{"holdfast_upstream_error_total", "Provider error events, by what we did.", "class",
    {"harmless", "config", "retry", "fatal"}};
inline Counter upstream_bad_frame_total{"holdfast_upstream_bad_frame_total", "Provider messages that could not be read."};
inline Counter stale_delta_total{"holdfast_stale_delta_total", "Provider audio of a discarded response."};
inline LabelledCounter tool_reject_total{"holdfast_tool_reject_total", "Tool calls refused.", "reason",
    {"unknown", "forbidden", "arguments", "rate", "other"}};
inline Counter session_rollover_total{"holdfast_session_rollover_total", "Provider sessions renewed before they expired."};
inline Counter interruptions_total{"holdfast_interruptions_total", "Times a caller spoke into an answer."};
inline LabelledCounter silence_total{"holdfast_silence_total", "Silences that the box noticed by itself, by what it did.", "alarm",
    {"filler", "answer_overdue", "stalled", "silence_prompt", "silence_keys", "silence_person", "other"}};
inline Histogram response_seconds{"holdfast_response_seconds",
    "Caller's end of speech to the first answer frame on the Twilio socket.",
    {0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 1, 1.5, 2, 3, 4}};
inline Histogram response_vad_seconds{"holdfast_response_vad_seconds", "Part of it that the provider's VAD waited.",
    {0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1}};
inline Histogram response_provider_seconds{"holdfast_response_provider_seconds",
    "Part of it from speech_stopped to the first audio of the provider.", {0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 4}};
inline Histogram response_box_seconds{"holdfast_response_box_seconds",
    "Part of it inside this box.", {0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05}};
inline Histogram greeting_seconds{"holdfast_greeting_seconds", "Stream start to first greeting frame.",
    {0.001, 0.005, 0.01, 0.05, 0.1, 0.3, 1}};
inline Histogram dispatch_proposal_seconds{"holdfast_dispatch_proposal_seconds",
    "Stream start to the first proposal to send somebody, written down.", {2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 300}};
inline LabelledCounter dispatch_total{"holdfast_dispatch_total", "Steps of dispatches, written down.", "state",
    {"proposed", "approved", "sent", "acknowledged", "rejected", "superseded", "undeliverable", "other"}};
inline Gauge dispatch_open{"holdfast_dispatch_open", "Dispatches that wait for a person or the CAD."};
inline LabelledCounter webhook_total{"holdfast_dispatch_webhook_total", "Tries to give the CAD a dispatch.", "result",
    {"delivered", "again", "dead", "other"}};
inline Gauge outbox_owed{"holdfast_outbox_owed", "Documents that the CAD has not taken yet."};
inline Counter tripwire_total{"holdfast_tripwire_total", "Calls in which the caller's words meant a life at risk."};

// Scripted voice
inline LabelledCounter tts_failed_total{"holdfast_tts_failed_total", "Sentences that could not be spoken fresh, by cause.", "code",
    {"auth", "quota", "voice", "plan", "request", "busy", "server", "network", "timeout", "slow", "cut", "empty",
     "html", "json", "mp3", "audio", "too_long", "breaker", "other"}};
inline Counter tts_truncated_total{"holdfast_tts_truncated_total", "Fresh speech that broke off."};
inline Counter tts_bad_audio_total{"holdfast_tts_bad_audio_total", "Fresh speech that was something else than mu-law."};
inline Histogram tts_first_byte_seconds{"holdfast_tts_first_byte_seconds", "Request to first audio of fresh speech.",
    {0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 1.5, 2, 2.5}};
inline LabelledCounter clip_hash_fail_total{"holdfast_clip_hash_fail_total", "Kept sentences that were not used, by cause.", "cause",
    {"damaged", "missing", "stale", "other"}};
inline LabelledCounter ears_lost_total{"holdfast_ears_lost_total", "Transcription sessions lost, by reason.", "reason",
    {"closed", "network", "ping", "expired", "auth", "quota", "model", "server_error", "protocol", "format", "config",
     "silent", "timeout", "other"}};

// Journal
inline LabelledCounter journal_rows_total{"holdfast_journal_rows_total", "Rows committed, by table.", "table",
    {"call", "utterance", "seam", "audit", "recording", "fact", "incident", "dispatch", "outbox", "dead_letter", "other"}};
inline Histogram commit_seconds{"holdfast_commit_seconds", "Time of one group commit.",
    {0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5}};
inline Gauge store_state{"holdfast_store_state", "0 good, 1 degraded (rows wait), 2 failed (emergency file only)."};
inline Gauge store_queue_rows{"holdfast_store_queue_rows", "Rows waiting to be committed."};
inline Gauge store_free_bytes{"holdfast_store_free_bytes", "Free space where the journal lives."};
inline Gauge store_wal_bytes{"holdfast_store_wal_bytes", "Size of the write-ahead log."};
inline Gauge store_lost_rows{"holdfast_store_lost_rows", "Rows found to be gone or changed that nobody has seen yet, as far as it is known."};
inline Counter store_quarantined_total{"holdfast_store_quarantined_total", "Damaged databases moved aside."};
inline Counter purged_calls_total{"holdfast_purged_calls_total", "Calls whose rows, or whose words, were purged."};
inline Counter store_io_error_total{"holdfast_store_io_error_total", "Failed reads, writes and syncs of the journal."};
inline Counter store_emergency_rows_total{"holdfast_store_emergency_rows_total", "Rows written to the emergency file."};
inline Counter store_dropped_rows_total{"holdfast_store_dropped_rows_total", "Rows lost because every buffer was full."};

// Sync with the agency's MongoDB
inline Gauge sync_state{"holdfast_sync_state", "0 off, 1 starting, 2 good, 3 behind (sent again later), 4 not allowed (people are needed)."};
inline Gauge outbox_rows{"holdfast_outbox_rows", "Changes that the agency's database does not have yet."};
inline Gauge outbox_bytes{"holdfast_outbox_bytes", "What they will take on the line, about."};
inline Gauge outbox_oldest_seconds{"holdfast_outbox_oldest_seconds", "Age of the oldest of them."};
inline Counter sync_rows_total{"holdfast_sync_rows_total", "Documents that the agency's database has taken."};
inline LabelledCounter sync_dup_total{"holdfast_sync_dup_total", "Documents whose _id was there already, by what was there.", "is",
    {"same", "conflict", "other"}};
inline LabelledCounter sync_retry_total{"holdfast_sync_retry_total", "Batches to be sent again, by cause.", "cause",
    {"unreachable", "server", "write_concern", "protocol", "read_back", "log_in", "not_allowed", "refused", "other"}};
inline Counter sync_bytes_total{"holdfast_sync_bytes_total", "Bytes of documents sent, repetitions included."};
inline Gauge sync_audio_waiting{"holdfast_sync_audio_waiting", "Recordings whose sound the agency's database is to have and does not have yet."};
inline LabelledCounter sync_audio_total{"holdfast_sync_audio_total", "Recordings whose sound was seen to, by what became of it.", "result",
    {"delivered", "known", "purged", "refused", "other"}};
inline Counter dead_letter_total{"holdfast_dead_letter_total", "Documents that the agency's database refused for good."};
inline Histogram sync_send_seconds{"holdfast_sync_send_seconds", "Time of one batch.",
    {0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30}};

// Recordings
inline Gauge recordings_active{"holdfast_recordings_active", "Calls that are being recorded."};
inline LabelledCounter recordings_total{"holdfast_recordings_total", "Recordings ended, by what became of them.", "result",
    {"finished", "repaired", "failed", "other"}};
inline LabelledCounter recording_error_total{"holdfast_recording_error_total", "Failed disk operations of recordings.", "step",
    {"open", "write", "sync", "read", "rename", "key", "journal", "repair", "other"}};
inline Counter recording_blocks_dropped_total{"holdfast_recording_blocks_dropped_total",
    "Pieces of audio that are silence in a recording because the writer's queue was full."};
inline MillisecondCounter recording_lost_ms_total{"holdfast_recording_lost_seconds_total",
    "Audio of either leg that is silence in a recording."};
inline Counter recording_bad_frames_total{"holdfast_recording_bad_frames_total",
    "Frames not recorded: not base64, too long, or far ahead of the clock."};
inline Counter recordings_purged_total{"holdfast_recordings_purged_total", "Recordings deleted when their time was over."};
inline LabelledCounter purge_skipped_total{"holdfast_purge_skipped_total", "Retention runs that deleted nothing.", "reason",
    {"clock", "folder", "other"}};

// Words written down later, out of recordings
inline LabelledCounter transcribe_recordings_total{"holdfast_transcribe_recordings_total",
    "Recordings of calls without live ears that are finished with, by what became of them.", "result",
    {"words", "nothing", "failed", "missing", "damaged", "other"}};
inline LabelledCounter transcribe_pieces_total{"holdfast_transcribe_pieces_total",
    "Pieces of such recordings that are in the journal, by what was written down.", "result",
    {"words", "empty", "failed", "other"}};
inline LabelledCounter transcribe_requests_total{"holdfast_transcribe_requests_total",
    "Requests to the file endpoint, by how they ended.", "result",
    {"ok", "auth", "quota", "rate_limit", "model", "refused", "server", "network", "timeout", "json", "too_long",
     "withdrawn", "other"}};
inline MillisecondCounter transcribe_audio_ms_total{"holdfast_transcribe_audio_seconds_total",
    "Audio sent to the file endpoint."};
inline Gauge transcribe_waiting{"holdfast_transcribe_waiting", "Recordings found that wait for their words."};

// The box's test call through its own public port
inline Gauge selftest_good{"holdfast_selftest_good", "1 when the last test call was good, 0 when it was not or none was made since the start."};
inline Gauge selftest_time_seconds{"holdfast_selftest_time_seconds", "When the last test call was told of, unix time; 0: never."};
inline Gauge selftest_greeting_seconds{"holdfast_selftest_greeting_seconds",
    "From its stream's start until the greeting was heard; -1 when none was."};

// Process
inline Histogram loop_lag_seconds{"holdfast_loop_lag_seconds", "Lateness of the media loop's probe timer.",
    {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 2}};
inline Counter log_dropped_total{"holdfast_log_dropped_total", "Log lines dropped because the ring was full."};
inline Gauge feed_clients{"holdfast_feed_clients", "Open sockets of the event feed."};
inline Counter feed_dropped_total{"holdfast_feed_dropped_total", "Feed events dropped for slow readers."};
inline Gauge clock_step_seconds{"holdfast_clock_step_seconds", "The last jump of the wall clock against the monotonic one; below 0: back."};
inline Gauge clock_unsynced{"holdfast_clock_unsynced", "1 when the wall clock is not set, or not in step with a time server."};
inline Gauge disk_life_used_ratio{"holdfast_disk_life_used_ratio",
    "Life that the journal's disk has used, 0 to 1.1, by itself; 0 when it does not say."};
inline Gauge safe_mode{"holdfast_safe_mode", "1 after a crash loop: recorded prompts and people only, no sync."};
inline Gauge start_time_seconds{"holdfast_start_time_seconds", "When the daemon started, unix time."};

}  // namespace holdfast::metrics
