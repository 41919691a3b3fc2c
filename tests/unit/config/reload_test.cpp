#include "config/keys.hpp"

#include "support.hpp"

#include <algorithm>

namespace holdfast::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ConfigReload, SameConfigurationChangesNothing) {
    const ReloadDiff diff = diff_reload(Config(), Config());
    EXPECT_THAT(diff.applied, IsEmpty());
    EXPECT_THAT(diff.needs_restart, IsEmpty());
}

TEST(ConfigReload, ChangedKeysAreSortedIntoAppliedAndNeedsRestart) {
    Config next;
    next.listen.public_.port = 8443;
    next.store.path = "/data/j.db";
    next.recording.path = "/data/r";
    next.ladder.rungs = {"canned", "person"};
    next.credentials.elevenlabs_api_key = base::Secret("e");
    next.credentials.twilio_api_key_secret = base::Secret("s");
    next.person.number = "+15550100123";
    next.openai.ping_interval = milliseconds(1000);
    next.twilio.numbers = {"+15550100124"};
    next.instructions = "Be calm.";
    next.credentials.openai_api_key = base::Secret("k");
    next.credentials.twilio_auth_token = base::Secret("t");
    next.credentials.twilio_auth_token_next = base::Secret("n");
    const ReloadDiff diff = diff_reload(Config(), next);
    EXPECT_THAT(diff.needs_restart,
                ElementsAre("listen.public.port", "store.path", "recording.path"));
    EXPECT_THAT(diff.applied,
                ElementsAre("twilio.numbers", "openai.ping_interval_ms", "ladder.rungs",
                            "person.number",
                            "openai.instructions_file (content)",
                            "credential twilio_auth_token", "credential twilio_auth_token_next",
                            "credential twilio_api_key_secret", "credential openai_api_key",
                            "credential elevenlabs_api_key"));
}

TEST(ConfigReload, RetentionAndCertificatesAreAppliedAndWhereThingsLieIsNot) {
    Config next;
    next.listen.public_.certificate = next.listen.admin.certificate = "/c.pem";
    next.store.retention_days = next.recording.retention_days = 7;
    next.recording.canned_retention_days = 8;
    next.recording.path = "/data/r";
    next.prompts.path = "/data/p";
    next.credentials.master_key = base::Secret("m");
    next.credentials.mongodb_uri = base::Secret("u");
    const ReloadDiff diff = diff_reload(Config(), next);
    EXPECT_THAT(diff.applied, ElementsAre("listen.public.certificate", "listen.admin.certificate", "store.retention_days",
                                          "recording.retention_days", "recording.canned_retention_days"));
    EXPECT_THAT(diff.needs_restart, ElementsAre("recording.path", "prompts.path", "credential mongodb_uri", "credential master_key"));
    EXPECT_TRUE(diff.effective.credentials.master_key.reveal().empty());
    EXPECT_TRUE(diff.effective.credentials.mongodb_uri.reveal().empty());
}

TEST(ConfigReload, WhatNeedsARestartKeepsItsRunningValue) {
    Config next;
    next.listen.public_.address = "127.0.0.1";
    next.twilio.verify_signature = false;
    next.openai.voice = "ash";
    const Config effective = diff_reload(Config(), next).effective;
    EXPECT_EQ(effective.listen.public_.address, "0.0.0.0");
    EXPECT_TRUE(effective.twilio.verify_signature) << "the listener is still open to the network";
    EXPECT_EQ(effective.openai.voice, "ash");
}

TEST(ConfigReload, ASecondReloadBackToTheStartChangesNothing) {
    Config next;
    next.store.path = "/data/j.db";
    const Config running = diff_reload(Config(), next).effective;
    EXPECT_THAT(diff_reload(running, Config()).needs_restart, IsEmpty());
}

}  // namespace
}  // namespace holdfast::config
