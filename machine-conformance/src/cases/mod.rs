mod crash;
mod events;
mod life;
mod options;
mod remove;
mod secrets;
mod state;

use crate::subject::{Need, Subject};
use crate::world::World;
use libtest_mimic::Failed;
use std::pin::Pin;

type Body = for<'a> fn(&'a World<'_>) -> Pin<Box<dyn Future<Output = Result<(), Failed>> + 'a>>;

/// One case. It ends with its own machine removed; the caller compares the account.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    needs: &'static [Need],
    pub(crate) body: Body,
}

impl Case {
    /// Why the case has nothing to say about `subject`; the first reason counts.
    pub(crate) fn lacking(&self, subject: &Subject) -> Option<&'static str> {
        self.needs.iter().find(|need| !subject.has(**need)).map(|need| need.lacking())
    }
}

macro_rules! cases {
    ($($module:ident::$name:ident $([$($need:ident),*])?,)*) => {
        pub(crate) static CASES: &[Case] = &[$(Case {
            name: stringify!($name),
            needs: &[$($(Need::$need),*)?],
            body: |world| Box::pin($module::$name(world)),
        }),*];
    };
}

cases![
    life::create_status_remove [Makes],
    life::existing_host_is_left_as_it_was [MakesNothing],
    life::cut_create_can_be_repeated [MakesNothing],
    life::stop_and_start [Makes, StartStop],
    life::start_and_stop_are_unsupported [NoStartStop],
    life::batch_statuses_equal_single_ones,
    life::one_value_serves_many_machines [Makes],
    options::options_are_sound,
    options::options_round_trip,
    options::odd_values_change_nothing,
    options::prepare_and_check_change_nothing,
    state::unknown_state_fields_survive,
    state::adopted_machine_is_removed [Makes],
    state::journal_alone_is_enough [Makes, FindTagged],
    secrets::secrets_stay_out_of_sight [Secret],
    secrets::wrong_secrets_are_not_repeated [Secret],
    secrets::source_is_one_line,
    secrets::source_is_enough_later [WithoutSecrets],
    events::events_follow_the_journal [Makes],
    crash::failed_create_cleans_up_by_itself [Makes],
    crash::create_after_a_failed_one_succeeds [Makes],
    crash::create_after_a_cut_unwinding_succeeds [Makes],
    crash::saved_state_is_usable [Makes],
    crash::remove_after_a_crash_leaves_nothing [Makes],
    crash::second_attempt_after_a_lost_reply [Makes],
    crash::cancelled_create_leaves_nothing [Makes],
    crash::cancelled_remove_can_be_repeated [Makes],
    crash::full_disk_leaves_nothing [Makes],
    crash::gc_finds_what_lost_its_store [Makes, FindTagged],
    remove::remove_twice_succeeds [Makes],
    remove::remove_of_what_never_was_succeeds [Makes],
    remove::faulty_remove_can_be_repeated [Makes],
    remove::accepted_deletion_is_waited_for [Makes, SlowDeletion],
    remove::deletion_that_never_ends_is_reported [Makes, SlowDeletion],
    remove::shared_resource_in_use_is_left [Makes],
    remove::shared_resource_of_others_is_left [Makes, Shared],
    remove::stuck_removal_reports_all_that_is_left [Makes],
    remove::stuck_unwinding_is_carried_in_the_error [Makes],
];
