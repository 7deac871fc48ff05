//! Verification reports as they were given: kept as they are, and read by who asked and who is
//! concerned. What a report says does not live here (`engine::report`).

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamp};

use crate::domain::id::Id;
use crate::domain::period::Instant;

use super::Store;
use super::error::StoreError;
use super::reader::Reader;
use super::statement::Statement;
use super::value;
use super::write::Writer;

/// A verification report as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReport {
    /// Its identity; later reports have later ids.
    pub id: Id,
    /// The state of knowledge that it was decided from.
    pub log_index: u64,
    /// The standard that it is on.
    pub standard: Id,
    /// The organisation that owned the standard then.
    pub owner: Id,
    /// The organisation that asked.
    pub asked_by: Id,
    /// Who asked, as the record log names them.
    pub actor: String,
    /// The verdict: a word of `engine::report::Verdict`.
    pub verdict: String,
    /// When it was given.
    pub created_at: Instant,
    /// The report in JSON.
    pub body: String,
}

/// Which reports are asked for.
#[derive(Debug, Clone)]
pub struct ReportQuery {
    /// Who reads; reports that do not concern this reader are left out.
    pub reader: Reader,
    /// Only those on this standard.
    pub standard: Option<Id>,
    /// Only those with this verdict.
    pub verdict: Option<String>,
    /// The id after which the list goes on.
    pub after: Option<Id>,
    /// Most reports.
    pub limit: u32,
}

impl StoredReport {
    /// Whether it is for a reader: for who asked, and for the owner of the standard.
    pub fn is_for(&self, reader: &Reader) -> bool {
        match reader {
            Reader::Everything => true,
            Reader::Organisation(id) => [&self.asked_by, &self.owner].contains(&id),
            Reader::Public => false,
        }
    }
}

const COLUMNS: &str = "id, log_index, standard, owner, asked_by, actor, verdict, created_at, body";

#[derive(QueryableByName)]
struct ReportRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    log_index: i64,
    #[diesel(sql_type = Text)]
    standard: String,
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    asked_by: String,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Text)]
    verdict: String,
    #[diesel(sql_type = Timestamp)]
    created_at: time::PrimitiveDateTime,
    #[diesel(sql_type = Text)]
    body: String,
}

impl TryFrom<ReportRow> for StoredReport {
    type Error = StoreError;

    fn try_from(row: ReportRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: value::id(&row.id)?,
            log_index: value::unsigned(row.log_index),
            standard: value::id(&row.standard)?,
            owner: value::id(&row.owner)?,
            asked_by: value::id(&row.asked_by)?,
            actor: row.actor,
            verdict: row.verdict,
            created_at: value::instant(row.created_at),
            body: row.body,
        })
    }
}

impl Writer<'_> {
    /// Keeps a report for good.
    ///
    /// # Errors
    /// When there is one with its id, the verdict is no word of the vocabulary, or the database
    /// fails.
    pub fn add_report(&mut self, report: &StoredReport) -> Result<(), StoreError> {
        Statement::new(format!(
            "INSERT INTO reports ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ))
        .bind(report.id.as_str())
        .bind(report.log_index)
        .bind(report.standard.as_str())
        .bind(report.owner.as_str())
        .bind(report.asked_by.as_str())
        .bind(report.actor.as_str())
        .bind(report.verdict.as_str())
        .bind(report.created_at)
        .bind(report.body.as_str())
        .execute(self.connection())?;
        Ok(())
    }
}

impl Store {
    /// A report, whoever asks: whether it concerns them is for the caller to see.
    ///
    /// # Errors
    /// When the database fails.
    pub fn report(&self, id: &Id) -> Result<Option<StoredReport>, StoreError> {
        let row = Statement::new(format!("SELECT {COLUMNS} FROM reports WHERE id = ?"))
            .bind(id.as_str())
            .get_result::<ReportRow>(&mut *self.reader()?)
            .optional()?;
        row.map(StoredReport::try_from).transpose()
    }

    /// A page of reports, in the order of their ids, which is that of time.
    ///
    /// # Errors
    /// When the database fails.
    pub fn reports(&self, query: &ReportQuery) -> Result<Vec<StoredReport>, StoreError> {
        // As in lists of records: the first of a union lie among the first of its parts, each found
        // along its own index.
        let concerned: Vec<Statement> = match &query.reader {
            Reader::Everything => vec![Statement::new("TRUE")],
            Reader::Organisation(id) => ["asked_by = ?", "owner = ?"]
                .map(|reason| Statement::new(reason).bind(id.as_str()))
                .into(),
            Reader::Public => return Ok(Vec::new()),
        };
        let mut statement = Statement::new(format!("SELECT {COLUMNS} FROM reports WHERE id IN ("));
        for (position, reason) in concerned.into_iter().enumerate() {
            statement.push(if position == 0 { "" } else { " UNION " });
            statement.push("SELECT id FROM (SELECT id FROM reports WHERE ");
            statement.push_all(reason);
            if let Some(standard) = &query.standard {
                statement.push(" AND standard = ?");
                statement.push_value(standard.as_str());
            }
            if let Some(verdict) = &query.verdict {
                statement.push(" AND verdict = ?");
                statement.push_value(verdict.as_str());
            }
            if let Some(after) = &query.after {
                statement.push(" AND id > ?");
                statement.push_value(after.as_str());
            }
            statement.push(" ORDER BY id LIMIT ?) p");
            statement.push_value(query.limit);
        }
        statement.push(") ORDER BY id LIMIT ?");
        statement.push_value(query.limit);
        let rows = statement.load::<ReportRow>(&mut *self.reader()?)?;
        rows.into_iter().map(StoredReport::try_from).collect()
    }
}
