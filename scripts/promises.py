"""What this version promises, and the tests that keep it (``scripts/assurance.py`` writes the paper)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise, the tests that fail when it is broken, and the name of its figure if it has one."""

    words: str
    tests: tuple[str, ...]
    figure: str | None = None


def promise(words: str, *tests: str, figure: str | None = None) -> Promise:
    """A promise; tests are ``FILE::NAME`` below ``tests/``, or a whole ``FILE``."""
    return Promise(words, tests, figure)


Sections = Mapping[str, tuple[Promise, ...]]

#: Every promise this version makes, by what it is about. The only place where promises are made.
PROMISES: Sections = {
    "A code": (
        promise(
            "No single changed bit of a genuine code is allowed",
            "verify/test_hostile.py::test_every_flipped_bit_is_refused",
        ),
        promise(
            "A changed character is refused, unless the text still inflates to identical bytes",
            "verify/test_hostile.py::test_every_changed_character_is_refused_unless_the_bytes_stay_the_same",
        ),
        promise(
            "Mutated and structured hostile inputs are never allowed, and no stray exception leaves",
            "verify/test_hostile.py::test_mutated_codes",
            "verify/test_hostile.py::test_structured_claims",
            figure="hostile inputs",
        ),
        promise(
            "An inflate bomb, lying lengths and depths cost no memory",
            "verify/test_hostile.py::test_an_inflate_bomb_costs_no_memory",
            "verify/test_hostile.py::test_lengths_that_lie_and_depths_cost_no_memory",
        ),
        promise(
            "Keys of small order, not canonical, or off the curve verify nothing",
            "verify/test_hostile.py::test_small_order_keys_are_refused_and_verify_nothing",
            "verify/test_hostile.py::test_keys_that_are_not_canonical_are_refused",
            "verify/test_phone.py::test_a_key_off_the_curve_verifies_nothing",
        ),
        promise(
            "Every reason of the verdict table is provoked by one change to a sound card",
            "verify/test_verifier.py::test_one_change_one_reason",
            "verify/test_verifier.py::test_every_reason_of_the_table_is_provoked",
        ),
        promise(
            "Deny beats attention, and the first deny is the reason",
            "verify/test_verifier.py::test_deny_beats_attention_and_the_first_is_the_reason",
        ),
        promise(
            "A door opens on an attention only if its policy names it, and a policy can name two only",
            "verify/test_verifier.py::test_a_door_opens_if_every_attention_is_one_it_names",
            "verify/test_verifier.py::test_no_policy_opens_on_anything_else",
        ),
        promise(
            "A verdict is cut to its role: a gate sees nothing, a seller the standing",
            "verify/test_verifier.py::test_views_are_cut_to_the_role",
            "verify/test_verifier.py::test_a_seller_sees_the_standing_the_holder_consents_to_show",
        ),
    ),
    "Time": (
        promise(
            "A clock ten years off in either direction turns no expired card green",
            "verify/test_verifier.py::test_ten_years_either_way_turn_no_expired_card_green",
            "verify/test_verifier.py::test_a_clock_before_the_data_judges_nothing",
        ),
        promise(
            "A day ends at the issuer's midnight, to the second",
            "verify/test_verifier.py::test_a_day_ends_at_the_issuers_midnight",
        ),
        promise(
            "An ended permit does not pass on old data, and who extended early is not locked out",
            "verify/test_permit_simulation.py::test_no_violation_but_a_permit_cut_short_after_the_list_was_made",
            figure="permit simulation",
        ),
    ),
    "Trust": (
        promise(
            "Every reason to refuse a bundle is provoked by one changed field, and a refusal changes nothing",
            "verify/test_trust.py::test_one_changed_field_one_reason",
            "verify/test_trust.py::test_every_reason_of_the_contract_is_provoked",
            "verify/test_trust.py::test_whole_or_nothing",
        ),
        promise(
            "Rollback, freeze, fast-forward and mix-and-match are refused",
            "verify/test_trust.py::test_rollback",
            "verify/test_trust.py::test_freeze_an_expired_root_is_not_unfrozen_by_a_clock_set_back",
            "verify/test_trust.py::test_fast_forward_a_future_bundle_is_refused_and_moves_no_floor",
            "verify/test_trust.py::test_mix_and_match_another_issuer",
        ),
        promise(
            "A thief of a bundle key adds no trust, and the next epoch undoes what he did",
            "keys/test_bundle.py::test_a_thief_of_a_bundle_key_adds_nothing",
            "verify/test_trust.py::test_fast_forward_a_huge_seq_is_undone_by_the_next_epoch",
        ),
        promise(
            "An old reader follows three root rotations",
            "verify/test_trust.py::test_three_rotations_from_an_old_reader",
            "keys/test_keyring.py::test_three_root_rotations_and_an_old_reader_still_follows",
        ),
        promise(
            "A stolen card key is distrusted, and its genuine cards go on",
            "verify/test_trust.py::test_distrust_with_its_issued_list",
            "keys/test_bundle.py::test_distrust_and_issued_list_travel",
        ),
        promise(
            "A city's bundle (310,000 prints, three services) has at most 150 KB",
            "verify/test_city_bundle.py::test_a_city_fits_and_loads",
            figure="city bundle",
        ),
    ),
    "Phones and chips, on the reader's side": (
        promise(
            "A tablet judges and records as a door does: off line, by a wrong clock, after a revocation",
            "web_gate/test_gate.py::test_without_the_service_it_goes_on_and_its_log_arrives_once",
            "web_gate/test_gate.py::test_a_clock_set_back_never_gives_green",
            "web_gate/test_gate.py::test_a_revoked_card_is_refused_after_the_next_bundle_in_its_holders_language",
            "web_gate/test_gate.py::test_a_phones_code_is_good_once",
        ),
        promise(
            "A seller's page shows and keeps a standing, and no name or number; its log has no pseudonym",
            "web_gate/test_sellers.py::test_a_seller_sees_a_word_and_learns_nothing_else",
            "web_gate/test_sellers.py::test_sellers_need_no_network_and_their_log_names_nobody",
        ),
        promise(
            "A door that wants proof of a phone takes the answer to its challenge and nothing less",
            "web_gate/test_sellers.py::test_a_door_that_wants_proof_shows_a_challenge_and_takes_its_answer",
        ),
        promise(
            "A seller's token says a standing, as good as its department granted, and opens nothing",
            "verify/test_verifier.py::test_a_sellers_token_tells_sellers_a_standing_and_opens_nothing",
            "keys/signer/test_standing.py",
            "holder/test_consents.py::test_the_market_office_decides_how_good",
        ),
        promise(
            "Nothing is shown to sellers without consent, and none that was taken back serves again",
            "holder/test_consents.py::test_a_consent_is_seen_and_taken_back",
            "holder/test_consents.py::test_a_consent_ends_with_its_last_day_and_no_token_outlives_it",
        ),
        promise(
            "A phone code is good from 30 s before to 60 s after its time",
            "verify/test_phone.py::test_a_code_is_fresh_from_30_s_before_to_60_s_after",
        ),
        promise(
            "A code shown again, however wrapped or signed, admits nobody a second time",
            "verify/test_phone.py::test_the_same_code_again",
            "verify/test_phone.py::test_another_signature_over_the_same_payload_is_the_same_presentation",
            "verify/test_phone.py::test_another_wrapping_of_the_same_token_is_the_same_presentation",
            "verify/test_phone.py::test_the_seen_set_survives_a_restart_and_forgets_in_time",
        ),
        promise(
            "A challenge is answered once",
            "verify/test_phone.py::test_a_challenge_is_answered_once_and_a_second_answer_never_passes",
        ),
        promise(
            "A token without its outer signature is stripped, never unsigned",
            "verify/test_phone.py::test_a_token_alone_is_stripped_not_unsigned",
        ),
        promise(
            "A chip's code on another chip is refused; only the chip's own key proves it",
            "verify/test_phone.py::test_chips",
            "verify/test_phone.py::test_a_chip_that_proves_nothing",
            "chips/test_desk_reader.py::test_a_copy_with_a_set_uid_cannot_prove_the_key",
            "chips/test_desk_reader.py::test_a_copy_on_a_chip_without_a_key_cannot_prove_it",
        ),
        promise(
            "A chip is written and read over PC/SC; pulled away too early it holds nothing rather than half",
            "chips/test_desk_reader.py::test_a_type_4_tag_is_written_and_judged",
            "chips/test_desk_reader.py::test_a_key_chip_is_written_and_proves_itself",
            "chips/test_chip_reader.py::test_a_type_2_tag_taken_away_too_early_holds_nothing",
            "chips/test_chip_reader.py::test_a_type_4_tag_taken_away_too_early_holds_nothing",
        ),
        promise(
            "A chip's code is asked for by one, allowed by another's key and signed for that chip alone",
            "desk/test_chip_acts.py",
        ),
        promise(
            "A tap of a chip that signs its taps is good once, and its card is judged as it stands now",
            "vectors/test_ntag424_sun.py::test_a_tap_is_judged_as_expected",
            "desk/test_taps.py::test_each_tap_is_good_once",
            "desk/test_taps.py::test_of_two_readers_at_once_one_is_told_that_it_was_shown",
        ),
    ),
    "Keys": (
        promise(
            "One root signature is refused and two are accepted; a key counts once",
            "keys/test_root.py::test_one_signature_is_refused_and_two_are_accepted",
            "keys/test_root.py::test_a_key_counts_once",
            "keys/test_ceremony.py::test_one_holder_alone_signs_nothing",
        ),
        promise(
            "A ceremony's transcript proves itself from public files, and a changed one is refused",
            "keys/test_ceremony.py::test_from_a_file_to_a_root_document_that_proves_itself",
            "keys/test_ceremony.py::test_a_changed_transcript_is_refused",
        ),
        promise(
            "A key file that others may read, or that was changed or renamed, does not open",
            "keys/test_files.py::test_a_file_others_may_reach_is_refused",
            "keys/test_files.py::test_a_changed_file_is_refused_by_name",
            "keys/test_files.py::test_a_renamed_file_does_not_open",
        ),
        promise(
            "A key is never written over, and a failed write leaves the old file",
            "keys/test_files.py::test_a_key_is_never_written_over",
            "keys/test_files.py::test_a_failed_write_leaves_the_old_file_and_nothing_else",
        ),
        promise(
            "Windows follow each other without a gap for a year; the next epoch's halves lie apart",
            "keys/test_keyring.py::test_windows_follow_each_other_for_a_year",
            "keys/test_keyring.py::test_next_epochs_halves_are_sealed_apart_until_a_restore",
        ),
    ),
    "A card's life": (
        promise(
            "Suspended is denied until it is reinstated; revoked is for ever",
            "desk/test_life.py::test_held_freed_and_ended_for_ever",
            "records/test_issuing.py::test_revoked_is_for_ever",
        ),
        promise(
            "What is granted after printing passes with the next bundle on the same card, until its day",
            "desk/test_life.py::test_granted_after_printing_until_a_last_day_and_withdrawn",
            "desk/test_life.py::test_a_printed_right_is_withdrawn_and_ends_on_its_printed_day",
        ),
        promise(
            "A permit ends, is extended, and the same plastic passes again",
            "desk/test_life.py::test_the_permit_ends_and_is_extended_on_the_same_plastic",
        ),
        promise(
            "Who extended early passes an off-line reader across the printed day",
            "desk/test_life.py::test_who_extended_early_passes_an_offline_reader_across_the_printed_day",
        ),
        promise(
            "Extending a stay lifts no hold",
            "desk/test_life.py::test_extending_lifts_no_hold",
            "records/test_status_lists.py::test_extending_lifts_no_hold",
        ),
        promise(
            "A replaced print says so, and the new one carries the rights of that day",
            "desk/test_life.py::test_replaced_the_old_print_says_so_and_the_new_one_has_the_rights_of_today",
        ),
        promise(
            "A distrusted card key signs no more, and its genuine cards go on",
            "desk/test_life.py::test_a_stolen_card_key_is_distrusted_and_its_genuine_cards_go_on",
        ),
        promise(
            "Only the department that owns a service grants or withdraws it",
            "desk/test_life.py::test_only_the_department_that_owns_a_service_grants_it",
            "departments/test_lists.py::test_a_department_sees_its_own_and_nothing_else",
        ),
        promise(
            "A list of cards is granted by one touch of the department's key, each to its own day; every line"
            " says what became of it, and a killed process is followed by one that goes on",
            "departments/test_lists.py",
        ),
    ),
    "Issuing and printing": (
        promise(
            "The same request again is the same card and the same bytes; the same person gets no second card",
            "desk/test_issuing.py::test_the_same_request_again_is_the_same_card_and_is_audited",
            "desk/test_issuing.py::test_the_same_person_under_another_reference_gets_no_second_card",
            "desk/test_printing.py::test_produced_again_the_files_are_the_same_byte_for_byte",
        ),
        promise(
            "A run stopped at any named point is finished with the same bytes, or given up and revoked",
            "desk/test_issuing.py::test_what_was_reserved_is_finished_with_the_same_bytes",
            "desk/test_issuing.py::test_an_intent_that_no_longer_passes_is_given_up",
        ),
        promise(
            "One bad application stops none of the rest",
            "desk/test_issuing.py::test_one_bad_application_stops_none_of_the_rest",
        ),
        promise(
            "Who submits and who approves are two members of staff, and every act names its people",
            "desk/test_issuing.py::test_who_submits_and_who_approves_are_two_members_of_staff",
            "desk/test_issuing.py::test_every_act_is_recorded_with_its_people",
        ),
        promise(
            "One process issues at a time",
            "desk/test_issuing.py::test_only_one_process_issues_at_a_time",
        ),
        promise(
            "A card key signs within its window and its number of cards",
            "desk/test_issuing.py::test_card_keys_have_a_budget",
            "desk/test_issuing.py::test_no_card_key_signs_outside_its_window",
        ),
        promise(
            "A card's files are whole or not there, and only their owner reads them",
            "desk/test_printing.py::test_a_file_is_there_whole_or_not_at_all",
            "desk/test_printing.py::test_four_files_that_only_their_owner_reads",
            "desk/test_printing.py::test_a_full_disk_leaves_no_half_card",
        ),
        promise(
            "A page that does not read back is held back, and the rest goes on",
            "desk/test_printing.py::test_a_page_that_does_not_read_back_is_held_back_and_the_rest_goes_on",
            "desk/test_readback.py::test_a_signature_that_went_bad_in_the_records_is_never_printed",
            "desk/test_readback.py::test_front_and_back_of_two_prints_are_no_card",
        ),
        promise(
            "Each rule of an application has its field and reason, and all that is wrong is said at once",
            "issuance/test_application.py::test_each_rule_has_its_reason",
            "issuance/test_application.py::test_everything_wrong_is_said_at_once",
        ),
        promise(
            "A name is never cut silently",
            "issuance/test_names.py::test_the_card_says_when_a_name_was_cut",
            "issuance/test_application.py::test_a_very_long_name_is_cut_and_says_so",
        ),
        promise(
            "No metadata of a portrait leaves; a bomb is refused by its header",
            "issuance/test_portrait.py::test_no_metadata_leaves",
            "issuance/test_portrait.py::test_a_bomb_is_refused_by_its_header",
        ),
        promise(
            "A face keeps to its byte limit, even from noise",
            "issuance/test_portrait.py::test_noise_keeps_to_the_limit",
        ),
        promise(
            "A page shows both codes on the printer's grid, and a damaged one is not handed out",
            "issuance/test_pdf.py::test_both_codes_are_read_from_the_printed_page",
            "issuance/test_pdf.py::test_modules_are_whole_printer_pixels_in_a_white_box",
            "issuance/test_pdf.py::test_a_damaged_code_is_not_handed_out",
        ),
        promise(
            "Every character of a name is drawn, or refused by name",
            "issuance/test_lettering.py::test_any_text_is_shaped_whole_or_refused",
            "issuance/test_lettering.py::test_a_character_without_a_glyph_is_named",
        ),
        promise(
            "The examples lead to twelve cards in ten scripts and two refusals",
            "test_examples.py::test_a_dozen_parse_and_two_are_refused_as_said",
            "test_examples.py::test_the_names_are_in_ten_scripts",
        ),
    ),
    "Records": (
        promise(
            "Issuing killed at any instant doubles no card, shows none unrecorded, and the next run finishes",
            "crash/test_kill.py",
            figure="issuing kills",
        ),
        promise(
            "What was reserved is found after a crash and finished; nothing is reserved twice",
            "records/test_issuing.py::test_what_was_reserved_is_found_after_a_crash_and_finished",
            "records/test_issuing.py::test_nothing_is_reserved_twice",
            "records/test_issuing.py::test_writers_in_parallel_never_share_an_index",
        ),
        promise(
            "A person has one living card, and nobody approves his own request, by constraint",
            "records/test_issuing.py::test_one_living_card_a_person",
            "records/test_issuing.py::test_nobody_approves_his_own_request",
        ),
        promise(
            "No name stands in any file, dump or audit; a value that was moved does not open",
            "desk/test_issuing.py::test_the_records_and_the_audit_name_nobody",
            "records/test_sealing.py::test_no_name_in_any_file",
            "records/test_sealing.py::test_no_name_in_a_dump",
            "records/test_sealing.py::test_swapped_ciphertexts_do_not_open",
        ),
        promise(
            "An erased person is gone for ever",
            "records/test_sealing.py::test_an_erased_person_is_gone_for_ever",
        ),
        promise(
            "An audit entry that was changed, deleted, inserted, moved or cut off is named",
            "records/test_audit.py::test_tampering_is_named",
            "records/test_audit.py::test_an_empty_chain_with_a_remembered_head_was_cut",
        ),
        promise(
            "A commit is on disk when it returns, on SQLite and PostgreSQL",
            "records/test_store.py::test_sqlite_is_opened_durable_and_strict",
            "records/test_store.py::test_postgres_is_opened_durable",
        ),
        promise(
            "A full disk is named and leaves nothing half",
            "records/test_store.py::test_a_full_disk_is_named_and_leaves_nothing",
        ),
        promise(
            "Migrations and models agree, on both databases",
            "records/test_migrations.py::test_migrations_and_models_agree",
        ),
    ),
    "Others": (
        promise(
            "Other people's readers verify our codes and refuse a flipped bit",
            "oracles/test_cards.py::test_reads_what_we_wrote",
            "oracles/test_cards.py::test_reads_issued_cards",
            "oracles/test_cards.py::test_refuses_a_flipped_bit",
        ),
        promise(
            "Other people's readers read our status lists, as CWT and as JWT",
            "oracles/test_status.py::test_reads_the_cwt_form",
            "oracles/test_status.py::test_reads_the_jwt_form",
        ),
        promise(
            "zxing and zbar read both codes from the page, clean, blurred and turned",
            "oracles/test_pictures.py::test_codes_are_read_from_the_page",
        ),
        promise(
            "We agree with other people's cases, each exception with its reason",
            "vectors/test_base45.py",
            "vectors/test_c2sp_cctv_ed25519.py",
            "vectors/test_cbor.py",
            "vectors/test_claim169.py",
            "vectors/test_cose_wg_examples.py",
            "vectors/test_eu_dcc.py",
            "vectors/test_mrz.py",
            "vectors/test_ndef.py",
            "vectors/test_ntag424_sun.py",
            "vectors/test_otp.py",
            "vectors/test_pixelpass.py",
            "vectors/test_rfc6962_merkle.py",
            "vectors/test_tlog_tiles.py",
            "vectors/test_token_status_list.py",
            "vectors/test_wycheproof.py",
            figure="vector cases",
        ),
        promise(
            "The written format and real bytes agree",
            "verify/test_cddl.py::test_real_bytes_match",
            "verify/test_cddl.py::test_every_payload_and_header_of_the_format_is_checked",
        ),
        promise(
            "The gate's wheel installs alone into an empty environment and checks a card",
            "gate/test_bare_install.py::test_only_what_a_gate_needs_is_there",
            "gate/test_bare_install.py::test_a_real_card_is_allowed",
        ),
        promise(
            "Imports run one way; types, lint and form hold",
            "house/test_house.py::test_direction_of_imports",
            "house/test_house.py::test_types",
        ),
    ),
    "People": (
        promise(
            "Nobody alone gets a signed card, neither by the signer's socket nor by any call of the desk",
            "keys/signer/test_alone.py::TestAlone",
            "desk/test_alone.py::TestClerkAlone",
            "desk/test_alone.py::TestChiefAlone",
            "desk/test_alone.py::TestOperatorAlone",
        ),
        promise(
            "A large approval killed between any two parts loses and doubles no card, and is finished",
            "desk/test_parts.py",
        ),
        promise(
            "The signer refuses an approval that is missing, old, another's, or bent in any check",
            "keys/signer/test_approvals.py",
            "keys/signer/test_socket.py",
        ),
        promise(
            "No list loosens what nobody approved",
            "keys/signer/test_lists.py",
            "keys/signer/test_loosening.py",
        ),
        promise(
            "Whatever is done to a card, every venue's next bundle is signed and says so",
            "desk/test_agreeing.py",
        ),
        promise(
            "Every route says who may call it, and lets nobody else in",
            "service/test_matrix.py",
        ),
        promise(
            "Named attacks on signing in are refused",
            "staff/test_signing_in.py",
            "staff/test_founding.py",
        ),
        promise(
            "No name, passport, birth or face of a draft stands in a file, log, backup or row in clear",
            "desk/test_canaries.py",
        ),
        promise(
            "A full disk leaves no half card, says so, and work resumes",
            "desk/test_full_disk.py",
        ),
        promise(
            "A past that was written anew is not proved by the audit's tree",
            "audit/test_tree.py",
            "audit/test_checkpoints.py",
        ),
        promise(
            "An outsider checks entries, growth and the whole audit with files and one key",
            "audit/test_outside.py",
            "vectors/test_rfc6962_merkle.py",
            "vectors/test_tlog_tiles.py",
        ),
    ),
    "Officers": (
        promise(
            "Details on line are for the officer who scanned a genuine code, for five minutes; forged and"
            " could-not-check are told apart, and neither tells anything",
            "police/test_scans.py",
        ),
        promise(
            "Nobody looks somebody up alone: it takes a purpose, a case number and another officer's passkey"
            " over the very request, and the database refuses one person twice",
            "police/test_lookups.py",
            "records/test_looks.py::test_a_look_up_names_its_case_and_another_officer",
        ),
        promise(
            "10,000 look-ups over 500 accounts trip the budget of all; budgets are of persons, units and all,"
            " by hour and day, and operators see them",
            "police/test_budgets.py",
        ),
        promise(
            "A covert look-up is told to the holder later, never never",
            "police/test_lookups.py::test_a_covert_purpose_is_told_later_and_never_too_late",
            "records/test_looks.py::test_a_holder_is_told_of_a_covert_look_up_only_when_its_time_has_come",
        ),
        promise(
            "Who is looked for travels in bundles of the police alone, named by two officers, until a day",
            "police/test_hotlist.py",
            "keys/signer/test_lists.py::test_the_hotlist_names_what_was_signed_and_travels_where_it_belongs",
        ),
        promise(
            "Purposes are sampled by chance and reviewed by the data-protection officer alone",
            "police/test_oversight.py",
        ),
        promise(
            "A shift ends after its hours, and no longer for being begun twice",
            "police/test_shifts.py",
            "web_police/test_duty.py::test_a_shift_ends_by_itself",
        ),
        promise(
            "Without a shift nothing is scanned; with one the phone scans without a network and over reloads",
            "web_police/test_duty.py::test_without_a_shift_nothing_is_scanned",
            "web_police/test_street.py::test_a_killed_service_and_a_reloaded_page_scan_on"
            "_and_the_next_bundle_tells_of_what_was_revoked",
        ),
        promise(
            "The log of an officer's phone arrives once, though the service is killed and answers are lost",
            "web_police/test_duty.py"
            "::test_a_shift_survives_reloads_and_a_dead_service_and_its_log_arrives_once",
        ),
        promise(
            "No storage, cache or log of an officer's phone holds a passport number; sign-out leaves nothing",
            "web_police/test_duty.py"
            "::test_no_storage_cache_or_log_holds_what_was_seen_and_sign_out_leaves_no_trace",
        ),
        promise(
            "Before a real camera a genuine card is valid however it is held, a changed one refused, another"
            " city's could not be checked, and a clock set back never gives green",
            "web_police/test_street.py",
        ),
        promise(
            "Details close on the phone after five minutes; a look-up opens by two officers' passkeys alone",
            "web_police/test_records.py",
        ),
    ),
    "Readers": (
        promise(
            "Attacks on updaters change nothing a reader trusts",
            "reader/test_attacks.py",
        ),
        promise(
            "72 hours, 20 cuts, 10,000 taps: none lost, none double",
            "simulation/test_day.py::test_seventy_two_hours",
            figure="partition",
        ),
        promise(
            "A clock that is ten years wrong never turns an expired card green",
            "reader/test_clock.py",
        ),
        promise(
            "A killed reader loses no record and doubles none",
            "reader/test_kill.py",
            figure="reader kills",
        ),
        promise(
            "A city's day in any weather: no record lost, double or changed, no verdict unfounded",
            "simulation/test_day.py",
            figure="city day",
        ),
        promise(
            "A grant of this morning opens the door to last year's card, and a withdrawal shuts it",
            "reader/test_mornings.py",
        ),
        promise(
            "A batch that comes up to five times, to several processes, one of which dies, counts once",
            "readers/test_parallel.py",
            "readers/test_records.py::test_the_same_batch_from_many_threads_counts_once",
            "reader/test_service.py::test_each_batch_in_parallel_and_more_than_once",
            "reader/test_service.py::test_an_answer_cut_after_the_commit_loses_and_doubles_nothing",
        ),
        promise(
            "A full disk takes no log by half and answers 507; gates go on, and their logs come later",
            "readers/test_full_disk.py",
        ),
        promise(
            "A raw record of a reader is gone after thirty days; what was counted of it stays",
            "records/test_gate_days.py::test_each_day_lies_in_a_table_of_its_own_and_goes_with_it",
            "readers/test_records.py"
            "::test_late_facts_are_taken_and_flagged_and_a_clock_ahead_keeps_nothing_longer",
        ),
        promise(
            "A resident applies from a phone, the desk makes a case of it with one key, and the card comes to"
            " the phone that applied; a refusal is read in the resident's language",
            "web_card/test_apply.py",
        ),
        promise(
            "A phone that applied carries the card only if a clerk had scanned it and somebody else approves",
            "holder/test_applications.py::test_a_phone_that_no_clerk_saw_gets_a_code_at_the_desk",
            "holder/test_applications.py::test_who_scanned_the_phone_does_not_approve_it",
        ),
        promise(
            "A card moves to another phone without a visit, comes back by a code on paper unless a phone of"
            " the card stops it, and what is lost ends by itself, in the browser as well",
            "web_card/test_moving.py::test_a_card_moves_to_another_phone_and_back_by_paper",
            "web_card/test_moving.py::test_what_is_lost_and_who_looked",
        ),
        promise(
            "A phone whose clock is three minutes wrong shows good codes, without a network too",
            "web_card/test_moving.py::test_a_phone_whose_clock_is_wrong_shows_good_codes",
        ),
        promise(
            "A holder is told who looked, by which office and why; that a covert look waits shows nowhere",
            "holder/test_looks.py",
        ),
        promise(
            "The holder's page has words for every code of the service, and its first load is 150 kB",
            "web_card/test_words.py",
        ),
        promise(
            "An operator lets a reader in from a page, sees it live, changes its rules after seeing whom that"
            " touches, mends its log and ends it at once; nothing of another's edit is lost",
            "web_readers/test_operator.py",
        ),
        promise(
            "A grant of this morning opens the door with last year's card after the next sync, a withdrawal"
            " shuts it, a stay extended opens it; the reader's disk holds no name and no number",
            "web_readers/test_department.py",
        ),
        promise(
            "One card faster from one of a venue's sites to another than anybody travels is shown",
            "readers/test_places.py::test_a_card_that_was_faster_than_any_bus_is_shown",
        ),
        promise(
            "A wrong reader of another maker is told what it gets wrong, and what would open a door",
            "reader/test_certify.py",
        ),
        promise(
            "The reader in the browser says what the one in Python says",
            "web_reader/test_differential.py",
            "web_reader/test_vectors.py",
        ),
    ),
}
