//! Administrators, their links and logins, and the audit log, as rows.

use super::{
    columns::{self, int, number, number_maybe, text, text_maybe},
    trouble::Trouble,
};
use crate::store::{
    Administrator, AdministratorChange, AdministratorChanged, AuditEntry, AuditFilter, Link, LinkUse,
    NewAdministrator, NewLogin, Role, TokenHash,
};
use hongyan_vendors::Secret;
use hongyan_wire::AppId;
use rusqlite::{Connection, Row, params};

/// Logins of one administrator at once.
const LOGINS_MAX: i64 = 20;
/// Entries of the audit log.
const AUDIT_MAX: i64 = 100_000;
const COLUMNS: &str = "id, name, role, apps, disabled, password, created_at, last_login_at";

fn read(row: &Row<'_>) -> Result<Administrator, Trouble> {
    let role = text(row, 2)?;
    let apps: Option<Vec<AppId>> = match text_maybe(row, 3)? {
        Some(_) => Some(columns::json(row, 3)?),
        None => None,
    };
    Ok(Administrator {
        id: number(row, 0)?,
        name: text(row, 1)?.to_owned(),
        role: Role::from_name(role).ok_or_else(|| Trouble::Broken(format!("there is no role {role}")))?,
        apps,
        disabled: row.get(4)?,
        password: text_maybe(row, 5)?.map(Secret::new),
        created_at: number(row, 6)?,
        last_login_at: number_maybe(row, 7)?,
    })
}

pub(super) fn all(sql: &Connection) -> Result<Vec<Administrator>, Trouble> {
    columns::all(sql, &format!("SELECT {COLUMNS} FROM administrators ORDER BY name"), [], read)
}

fn one(sql: &Connection, id: u64) -> Result<Option<Administrator>, Trouble> {
    columns::first(sql, &format!("SELECT {COLUMNS} FROM administrators WHERE id = ?1"), [int(id)], read)
}

/// As it is stored: an owner sees every app.
fn apps_text(role: Role, apps: Option<&Vec<AppId>>) -> Result<Option<String>, Trouble> {
    let apps = apps.filter(|_| role != Role::Owner);
    Ok(apps.map(serde_json::to_string).transpose()?)
}

pub(super) fn create(
    sql: &Connection,
    new: &NewAdministrator,
    now_ms: u64,
) -> Result<Option<Administrator>, Trouble> {
    let created = columns::run(
        sql,
        "INSERT INTO administrators (name, role, apps, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        params![new.name, new.role.as_str(), apps_text(new.role, new.apps.as_ref())?, int(now_ms)],
    )?;
    if created == 0 {
        return Ok(None);
    }
    let query = format!("SELECT {COLUMNS} FROM administrators WHERE name = ?1");
    columns::first(sql, &query, [&new.name], read)
}

pub(super) fn change(
    sql: &Connection,
    id: u64,
    change: &AdministratorChange,
) -> Result<AdministratorChanged, Trouble> {
    let Some(before) = one(sql, id)? else { return Ok(AdministratorChanged::NoSuch) };
    let role = change.role.unwrap_or(before.role);
    let disabled = change.disabled.unwrap_or(before.disabled);
    let apps = change.apps.as_ref().unwrap_or(&before.apps);
    let was_owner = before.role == Role::Owner && !before.disabled;
    if was_owner && (role != Role::Owner || disabled) && !another_owner(sql, id)? {
        return Ok(AdministratorChanged::LastOwner);
    }
    let update = "UPDATE administrators SET role = ?2, apps = ?3, disabled = ?4 WHERE id = ?1";
    let apps = apps_text(role, apps.as_ref())?;
    columns::run(sql, update, params![int(id), role.as_str(), apps, disabled])?;
    if disabled {
        end_logins(sql, id, None)?;
        columns::run(sql, "DELETE FROM links WHERE administrator = ?1", [int(id)])?;
    }
    Ok(one(sql, id)?.map_or(AdministratorChanged::NoSuch, AdministratorChanged::Done))
}

fn another_owner(sql: &Connection, than: u64) -> Result<bool, Trouble> {
    let query = "SELECT 1 FROM administrators
         WHERE role = 'owner' AND disabled = 0 AND password IS NOT NULL AND id <> ?1";
    Ok(columns::first(sql, query, [int(than)], |_| Ok(()))?.is_some())
}

pub(super) fn put_link(
    sql: &Connection,
    hash: &TokenHash,
    administrator: Option<u64>,
    expires_at: u64,
) -> Result<(), Trouble> {
    let of = administrator.map(int);
    columns::run(sql, "DELETE FROM links WHERE administrator IS ?1", params![of])?;
    let insert = "INSERT INTO links (hash, administrator, expires_at) VALUES (?1, ?2, ?3)";
    columns::run(sql, insert, params![hash.as_slice(), of, int(expires_at)])?;
    Ok(())
}

pub(super) fn link(sql: &Connection, hash: &TokenHash, now_ms: u64) -> Result<Option<Link>, Trouble> {
    let query = "SELECT administrator, expires_at FROM links WHERE hash = ?1 AND expires_at > ?2";
    let found = columns::first(sql, query, params![hash.as_slice(), int(now_ms)], |row| {
        Ok((number_maybe(row, 0)?, number(row, 1)?))
    })?;
    let Some((of, expires_at)) = found else { return Ok(None) };
    let Some(id) = of else {
        let is_first = columns::first(sql, "SELECT 1 FROM administrators LIMIT 1", [], |_| Ok(()))?.is_none();
        return Ok(is_first.then_some(Link { administrator: None, expires_at }));
    };
    let administrator = one(sql, id)?.filter(|one| !one.disabled);
    Ok(administrator.map(|one| Link { administrator: Some(one), expires_at }))
}

pub(super) fn use_link(
    sql: &Connection,
    hash: &TokenHash,
    first_name: &str,
    password: &Secret,
    now_ms: u64,
) -> Result<LinkUse, Trouble> {
    let Some(found) = link(sql, hash, now_ms)? else { return Ok(LinkUse::Gone) };
    let administrator = match found.administrator {
        Some(administrator) => administrator,
        None => {
            let new = NewAdministrator { name: first_name.to_owned(), role: Role::Owner, apps: None };
            let made = create(sql, &new, now_ms)?;
            made.ok_or_else(|| Trouble::Broken("the first administrator could not be made".to_owned()))?
        }
    };
    columns::run(sql, "DELETE FROM links WHERE hash = ?1", params![hash.as_slice()])?;
    set_password(sql, administrator.id, Some(password), None)?;
    Ok(LinkUse::Done(Administrator { password: Some(password.clone()), ..administrator }))
}

pub(super) fn set_password(
    sql: &Connection,
    id: u64,
    password: Option<&Secret>,
    keep: Option<&TokenHash>,
) -> Result<bool, Trouble> {
    let update = "UPDATE administrators SET password = ?2 WHERE id = ?1";
    let changed = columns::run(sql, update, params![int(id), password.map(Secret::expose)])?;
    end_logins(sql, id, keep)?;
    Ok(changed == 1)
}

fn end_logins(sql: &Connection, id: u64, keep: Option<&TokenHash>) -> Result<(), Trouble> {
    let delete = "DELETE FROM logins WHERE administrator = ?1 AND hash IS NOT ?2";
    columns::run(sql, delete, params![int(id), keep.map(|hash| hash.as_slice())])?;
    Ok(())
}

pub(super) fn begin_login(sql: &Connection, login: &NewLogin) -> Result<(), Trouble> {
    let (id, now) = (int(login.administrator), int(login.now_ms));
    columns::run(sql, "DELETE FROM logins WHERE expires_at <= ?1", [now])?;
    columns::run(sql, "DELETE FROM links WHERE expires_at <= ?1", [now])?;
    let older = "DELETE FROM logins WHERE hash IN (SELECT hash FROM logins WHERE administrator = ?1
         ORDER BY started_at DESC LIMIT -1 OFFSET ?2)";
    columns::run(sql, older, [id, LOGINS_MAX - 1])?;
    columns::run(
        sql,
        "INSERT INTO logins (hash, administrator, started_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
        params![login.hash.as_slice(), id, now, int(login.expires_at)],
    )?;
    columns::run(sql, "UPDATE administrators SET last_login_at = ?2 WHERE id = ?1", [id, now])?;
    Ok(())
}

pub(super) fn login(
    sql: &Connection,
    hash: &TokenHash,
    now_ms: u64,
) -> Result<Option<(Administrator, u64)>, Trouble> {
    let query = "SELECT administrator, expires_at FROM logins WHERE hash = ?1 AND expires_at > ?2";
    let found = columns::first(sql, query, params![hash.as_slice(), int(now_ms)], |row| {
        Ok((number(row, 0)?, number(row, 1)?))
    })?;
    let Some((id, expires_at)) = found else { return Ok(None) };
    Ok(one(sql, id)?.filter(|one| !one.disabled).map(|one| (one, expires_at)))
}

pub(super) fn end_login(sql: &Connection, hash: &TokenHash) -> Result<(), Trouble> {
    columns::run(sql, "DELETE FROM logins WHERE hash = ?1", params![hash.as_slice()])?;
    Ok(())
}

pub(super) fn note(sql: &Connection, entry: &AuditEntry) -> Result<(), Trouble> {
    let (app, at) = (entry.app.map(|app| app.0), int(entry.at));
    columns::run(
        sql,
        "INSERT INTO audit (at, by, address, action, app, target, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![at, entry.by, entry.address, entry.action, app, entry.target, entry.detail],
    )?;
    let oldest = "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1";
    columns::run(sql, oldest, [AUDIT_MAX])?;
    Ok(())
}

pub(super) fn audit(
    sql: &Connection,
    filter: &AuditFilter,
    count: usize,
) -> Result<Vec<AuditEntry>, Trouble> {
    let of_app = if filter.app.is_some() { "app = ?2" } else { "?2 IS NULL" };
    let query = format!(
        "SELECT id, at, by, address, action, app, target, detail FROM audit
         WHERE id < ?1 AND {of_app} AND (?3 IS NULL OR by = ?3) ORDER BY id DESC LIMIT ?4"
    );
    let before = int(filter.before.unwrap_or(u64::MAX));
    let asked = params![before, filter.app.map(|app| app.0), filter.by, int(count as u64)];
    columns::all(sql, &query, asked, |row| {
        Ok(AuditEntry {
            id: number(row, 0)?,
            at: number(row, 1)?,
            by: row.get(2)?,
            address: row.get(3)?,
            action: row.get(4)?,
            app: row.get::<_, Option<u32>>(5)?.map(AppId),
            target: row.get(6)?,
            detail: row.get(7)?,
        })
    })
}
