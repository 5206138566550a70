//! Values of variables and headers, which may come from files of their own.

use crate::action::plan::error::PlanError;
use crate::host::secret_file;
use crate::playbook::placeholder::Placeholders;
use crate::playbook::value::Sourced;
use crate::text::clean_line;
use crate::text::redact::HIDDEN;
use crate::text::secret::Secret;

/// The value: a filled template, or the content of its file.
///
/// # Errors
/// Where a placeholder has no value, or the file cannot be read or could be read by others.
pub async fn value(name: &str, value: &Sourced, values: &Placeholders) -> Result<Secret, PlanError> {
    match value {
        Sourced::Text(text) => {
            let text = text.fill(values)?;
            still_known(name, std::slice::from_ref(&text))?;
            Ok(Secret::named(name, &text))
        }
        Sourced::File(from) => match secret_file::read(&from.file).await {
            Ok(secret) => Ok(Secret::whole(&secret)),
            Err(why) => Err(PlanError::SecretFile { name: clean_line(name).into_owned(), why: why.to_string() }),
        },
    }
}

/// Refuses what the journal kept of a playbook that is no longer in force: its secrets were never recorded.
///
/// # Errors
/// Where one of these texts is not what the playbook said.
pub fn still_known(name: &str, texts: &[String]) -> Result<(), PlanError> {
    if texts.iter().any(|text| text.contains(HIDDEN)) {
        return Err(PlanError::SecretGone(clean_line(name).into_owned()));
    }
    Ok(())
}
