"""Whom a call can be handed on to: colleagues and teams, and who of them is free."""

from odoo import api, models
from odoo.fields import Domain

LIMIT = 30


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    # ---- the list to choose from

    @api.model
    def softphone_transfer_targets(self, call_id, options):
        """Colleagues and teams for the picker, those transferred to of late first.

        :param options: {"query"}
        :return: {"people": [{id, name, state: "free"|"in_call"|"wrap_up"|"busy"|
            "away"|"offline", recent}],
            "teams": [{key, name, label, free, count, recent}]}
        """
        call = self._for_softphone(call_id)
        user = self.env.user
        if not call or call.sudo().handler_id != user:
            return {"people": [], "teams": []}
        query = (options.get("query") or "").strip().lower()
        call = call.sudo()
        recent = self.env["whatsapp.call.transfer"]._recent_keys(user)
        people = call._transfer_people() - user
        states = call._operator_states(people)
        return {
            "people": self._people_views(people, states, recent, query)[:LIMIT],
            "teams": call._team_views(states, recent, query)[:LIMIT],
        }

    def _people_views(self, people, states, recent, query):
        order = ["free", "wrap_up", "in_call", "busy", "away", "offline"]
        views = [
            {
                "id": person.id,
                "name": person.name,
                "state": states[person],
                "recent": f"res.users,{person.id}" in recent,
            }
            for person in people
            if query in person.name.lower()
        ]

        def rank(view):
            key = f"res.users,{view['id']}"
            place = recent.index(key) if key in recent else len(recent)
            return place, order.index(view["state"]), view["name"].lower()

        return sorted(views, key=rank)

    def _team_views(self, states, recent, query):
        views = []
        for team, label, users in self._transfer_teams():
            members = users.filtered(lambda user: user in states)
            name = team.display_name
            if not members or query not in name.lower():
                continue
            key = f"{team._name},{team.id}"
            free = members.filtered(lambda user: states[user] == "free")
            views.append(
                {
                    "key": key,
                    "name": name,
                    "label": label,
                    "free": len(free),
                    "count": len(members),
                    "recent": key in recent,
                }
            )

        def rank(view):
            key = view["key"]
            return recent.index(key) if key in recent else len(recent), view["name"]

        return sorted(views, key=rank)

    # ---- who they are

    def _transfer_people(self):
        """Operators of the call's company."""
        # sudo: res.users - colleagues whom a call may ring are known by name to all
        users = self.env["res.users"].sudo()
        domain = self.company_id._whatsapp_calling_members(
            "whatsapp_calling.group_operator"
        )
        return users.search(domain, order="name, id")

    def _transfer_teams(self):
        """[(record, what it is called, its users)]; bridges add their teams.

        A number stands for those whom it rings.
        """
        numbers = self.env["whatsapp.calling.number"]._usable(self.company_id)
        label = self.env._("Number")
        return [(number, label, number._operators()) for number in numbers]

    def _transfer_target(self, target):
        """(name, key, users) of what the user chose; no users when it is nothing."""
        people = self._transfer_people()
        if target.get("user_id"):
            person = people.filtered(lambda user: user.id == target["user_id"])
            return person.name, f"res.users,{person.id}", person
        for team, _label, users in self._transfer_teams():
            key = f"{team._name},{team.id}"
            if key == target.get("team"):
                return team.display_name, key, users & people
        return "", False, people.browse()

    # ---- how they are

    @api.model
    def _operator_states(self, users):
        """{user: "free", "in_call", "wrap_up", "busy", "away" or "offline"}"""
        busy = self._users_in_calls(users)
        wrap_ups = self._wrap_ups(users)
        states = {}
        for user in users:
            # sudo: res.users - who is at their desk is shown in every chat
            presence = (user.sudo().im_status or "offline").removeprefix("leave_")
            if user in busy:
                states[user] = "in_call"
            elif user in wrap_ups:
                states[user] = "wrap_up"
            elif presence in ("online", "bot"):
                states[user] = "free"
            else:
                known = ("busy", "offline")
                states[user] = presence if presence in known else "away"
        return states

    @api.model
    def _users_in_calls(self, users):
        """Those who handle a live call, are asked about one, or listen to one."""
        calls = self.sudo().search_fetch(
            Domain("handler_id", "in", users.ids)
            & Domain("state", "in", ("dialing", "ringing", "connected")),
            ["handler_id"],
        )
        asked = self.env["whatsapp.call.transfer"].sudo()
        asked = asked.search_fetch(
            [("to_id", "in", users.ids), ("state", "=", "consulting")], ["to_id"]
        )
        listening = self.env["whatsapp.call.monitor"].sudo()
        listening = listening.search_fetch(
            [("user_id", "in", users.ids), ("state", "!=", "over")], ["user_id"]
        )
        return calls.handler_id | asked.to_id | listening.user_id

    def _other_live_call(self):
        """Being asked about a call, or listening to one, is being in a call too."""
        if super()._other_live_call():
            return True
        user = self.env.user
        # sudo: transfer, monitor - one's own
        asked = self.env["whatsapp.call.transfer"].sudo()
        listening = self.env["whatsapp.call.monitor"].sudo()
        return bool(
            asked.search_count(
                [
                    ("to_id", "=", user.id),
                    ("state", "=", "consulting"),
                    ("call_id", "!=", self.id),
                ],
                limit=1,
            )
            or listening.search_count(
                [
                    ("user_id", "=", user.id),
                    ("state", "!=", "over"),
                    ("call_id", "!=", self.id),
                ],
                limit=1,
            )
        )
